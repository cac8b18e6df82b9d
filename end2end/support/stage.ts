// Tests of the Connect UI with an instance of their own, furnished once a worker.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { environmentOf, owner } from "./account.ts";
import { withAcme } from "./acme-program.ts";
import { furnishStage, LATER_PROVIDER, OPEN_PROVIDER, RICH_PROVIDER, type Stage } from "./connect-views.ts";
import { Embedder } from "./embedder.ts";
import { Rest } from "./rest.ts";
import { signIn } from "./sign-in.ts";
import { Terapi } from "./terapi.ts";
import { test as base } from "./test.ts";

export { expect } from "./test.ts";

/** Names the one website that may use an environment's sessions, as the form of the settings does. */
async function allowOnly(url: string, environment: string, origin: string): Promise<void> {
    const { name, value } = await signIn(url, owner);
    const response = await fetch(`${url}/app/${environment}/settings/origins`, {
        method: "POST",
        redirect: "manual",
        headers: { origin: url, "sec-fetch-site": "same-origin", cookie: `${name}=${value}` },
        body: new URLSearchParams({ allowed_origins: origin }),
    });
    if (response.status !== 303) throw new Error(`the origin was answered with ${response.status}: ${await response.text()}`);
}

interface PerTest {
    /** A website on another origin. */
    embedder: Embedder;
}

interface PerWorker {
    stage: Stage;
    website: Embedder;
}

export const test = base.extend<PerTest, PerWorker>({
    website: [
        async ({}, use) => {
            const website = await Embedder.open();
            await use(website);
            await website.close();
        },
        { scope: "worker" },
    ],
    embedder: async ({ website, watch }, use) => {
        watch.expectCustomer(website.origin);
        await use(website);
    },
    stage: [
        async ({}, use) => {
            const providers = mkdtempSync(join(tmpdir(), "terapi-providers-"));
            mkdirSync(providers, { recursive: true });
            writeFileSync(join(providers, "fieldmaster.yaml"), RICH_PROVIDER);
            writeFileSync(join(providers, "weather.yaml"), OPEN_PROVIDER);
            writeFileSync(join(providers, "later.yaml"), LATER_PROVIDER);
            const terapi = await Terapi.prepare({ environment: { TERAPI_PROVIDERS_DIR: providers } });
            try {
                const account = terapi.bootstrap(owner);
                await terapi.start();
                const rest = new Rest(terapi.url, environmentOf(account, "dev").secret_key);
                const strict = new Rest(terapi.url, environmentOf(account, "prod").secret_key);
                await allowOnly(terapi.url, "prod", "https://elsewhere.example");
                await withAcme(async (acme) => use(await furnishStage(terapi.url, acme, rest, strict)));
            } finally {
                await terapi.end();
                rmSync(providers, { recursive: true, force: true });
            }
        },
        { scope: "worker" },
    ],
});
