// Tests of the Connect UI with an instance of their own, furnished once a worker.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

/** No provider that is built yet lets a connection wait for approval: what is stored of an attempt is made to say so. */
async function leavePending(terapi: Terapi): Promise<void> {
    const file = join(terapi.folder, "data", "terapi.db");
    await terapi.running.stop();
    const stored = readFileSync(file, "latin1");
    if (!stored.includes('"is_pending":false')) throw new Error("no authorization has ended well");
    writeFileSync(file, stored.replaceAll('"is_pending":false', '"is_pending":true '), "latin1");
    await terapi.start();
}

/** A session's link where the account may make one call in a minute. */
async function limit(terapi: Terapi): Promise<string> {
    const account = terapi.bootstrap(owner);
    await terapi.start();
    const rest = new Rest(terapi.url, environmentOf(account, "dev").secret_key);
    const { data } = await rest.must("POST", "/connect/sessions", { end_user: { id: "ada" } });
    return data.connect_link;
}

/** That link, when it has answered that the calls are used up. */
async function exhaust(link: string): Promise<string> {
    for (let calls = 0; (await fetch(link)).status !== 429; calls += 1) {
        if (calls > 10) throw new Error("the calls are never used up");
    }
    return link;
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
            const limited = await Terapi.prepare({ environment: { TERAPI_RATE_LIMIT: "1" } });
            try {
                const limitedLink = await limit(limited);
                const account = terapi.bootstrap(owner);
                await terapi.start();
                const rest = new Rest(terapi.url, environmentOf(account, "dev").secret_key);
                const strict = new Rest(terapi.url, environmentOf(account, "prod").secret_key);
                await allowOnly(terapi.url, "prod", "https://elsewhere.example");
                await withAcme(async (acme) => {
                    const given = { url: terapi.url, acme, rest, busy: () => exhaust(limitedLink), leavePending: () => leavePending(terapi) };
                    await use(await furnishStage(given, strict));
                });
            } finally {
                await limited.end();
                await terapi.end();
                rmSync(providers, { recursive: true, force: true });
            }
        },
        { scope: "worker" },
    ],
});
