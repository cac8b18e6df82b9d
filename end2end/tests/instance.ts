// The instance that global-setup.ts has started, as the tests see it.

export interface Environment {
    name: string;
    secret_key: string;
    public_key: string;
    webhook_signing_key: string;
}

function given(name: string): string {
    const value = process.env[name];
    if (value === undefined) throw new Error(`${name} is not set: run the tests with ./dev e2e`);
    return value;
}

/** Where Terapi is, without a slash at the end. */
export const url = given("TERAPI_TEST_URL");

/** Where Acme is, without a slash at the end. */
export const acmeUrl = given("TERAPI_TEST_ACME");

/** The first owner. */
export const owner = JSON.parse(given("TERAPI_TEST_OWNER")) as { email: string; password: string };

/** An environment of the owner's account, with its plain keys. */
export function environment(name: "dev" | "prod"): Environment {
    const { environments } = JSON.parse(given("TERAPI_TEST_ACCOUNT")) as { environments: Environment[] };
    const found = environments.find((environment) => environment.name === name);
    if (found === undefined) throw new Error(`the account has no environment ${name}`);
    return found;
}

/** The server's log file; tests look in it for what must never be there. */
export const logFile = given("TERAPI_TEST_LOG");
