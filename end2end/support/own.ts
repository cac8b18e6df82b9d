// Tests with an instance of their own, whose settings they may change, and an operator who is signed in to it.
import { environmentOf, owner } from "./account.ts";
import { Rest } from "./rest.ts";
import { signIn } from "./sign-in.ts";
import { Terapi } from "./terapi.ts";
import { test as base } from "./test.ts";

export { expect } from "./test.ts";

interface Own {
    terapi: Terapi;
    /** Its `dev` environment by its secret key. */
    own: Rest;
    /** The public key of its `dev` environment. */
    publicKey: string;
}

export const test = base.extend<Own>({
    terapi: async ({}, use) => {
        const terapi = await Terapi.prepare();
        try {
            await use(terapi);
        } finally {
            await terapi.end();
        }
    },
    own: async ({ terapi, context }, use) => {
        const account = terapi.bootstrap(owner);
        await terapi.start();
        await context.addCookies([{ ...(await signIn(terapi.url, owner)), url: terapi.url }]);
        await use(new Rest(terapi.url, environmentOf(account, "dev").secret_key));
    },
    publicKey: async ({ page, terapi, own: _ }, use) => {
        await page.goto(`${terapi.url}/app/dev/settings/public-key`);
        await use(await page.getByLabel("Public key", { exact: true }).innerText());
    },
});
