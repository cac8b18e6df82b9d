// Who owns an instance, and what belongs to them.

export interface Owner {
    email: string;
    password: string;
}

/** The first owner, of the instance of the whole run and of those that tests start. */
export const owner: Owner = { email: "owner@example.com", password: "correct horse battery staple" };

export interface Environment {
    name: string;
    secret_key: string;
    public_key: string;
    webhook_signing_key: string;
}

/** What `terapi admin bootstrap --json` prints. */
export interface Account {
    account: string;
    environments: Environment[];
}

/** One of the two environments that every account begins with. */
export function environmentOf({ environments }: Account, name: "dev" | "prod"): Environment {
    const found = environments.find((environment) => environment.name === name);
    if (found === undefined) throw new Error(`the account has no environment ${name}`);
    return found;
}
