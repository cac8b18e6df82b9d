// An instance for the matrix: the settings that old releases need, and providers that only tests have.
import { join } from "node:path";

import { environmentOf, owner, type Environment } from "../support/account.ts";
import { Rest } from "../support/rest.ts";
import { signIn } from "../support/sign-in.ts";
import { Terapi } from "../support/terapi.ts";

/** The HMAC key of `prod`. */
export const HMAC_KEY = "my-hmac-key";

/** The one environment variable of `prod`. */
export const VARIABLE = { name: "GREETING", value: "hello, world" };

export interface Place {
    url: string;
    dev: Environment;
    prod: Environment;
    /** `dev` by its secret key. */
    rest: Rest;
    /** `prod`, whose public-key calls need an HMAC. */
    prodRest: Rest;
}

/** Starts the instance, lends it, and stops it. */
export async function withPlace(use: (place: Place, terapi: Terapi) => Promise<void>): Promise<void> {
    const terapi = await Terapi.prepare({ environment: { TERAPI_PROVIDERS_DIR: join(import.meta.dirname, "providers") } });
    try {
        const account = terapi.bootstrap(owner);
        await terapi.start();
        await furnishProd(terapi);
        const [dev, prod] = [environmentOf(account, "dev"), environmentOf(account, "prod")];
        await use({ url: terapi.url, dev, prod, rest: new Rest(terapi.url, dev.secret_key), prodRest: new Rest(terapi.url, prod.secret_key) }, terapi);
    } finally {
        await terapi.end();
    }
}

/** Has `prod` ask for an HMAC, which also lets public keys in, and gives it a variable. */
async function furnishProd(terapi: Terapi): Promise<void> {
    const cookie = await signIn(terapi.url, owner);
    const save = async (section: string, fields: Record<string, string>) => {
        const answer = await fetch(`${terapi.url}/app/prod/settings/${section}`, {
            method: "POST",
            redirect: "manual",
            headers: { cookie: `${cookie.name}=${cookie.value}`, origin: terapi.url, "sec-fetch-site": "same-origin" },
            body: new URLSearchParams(fields),
        });
        if (answer.status !== 303) throw new Error(`${section} was answered with ${answer.status}: ${await answer.text()}`);
    };
    await save("hmac", { intent: "save", hmac_enabled: "on", hmac_key: HMAC_KEY });
    await save("variables", { intent: "save", ...VARIABLE });
}
