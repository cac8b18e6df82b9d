// What was answered with success is there after a power cut, and the key is what opens it.
import { renameSync, statSync } from "node:fs";
import { join } from "node:path";

import { DEMO } from "../support/acme.ts";
import { environmentOf, owner } from "../support/account.ts";
import { authorize } from "../support/authorize.ts";
import { Rest } from "../support/rest.ts";
import { signIn } from "../support/sign-in.ts";
import { Terapi } from "../support/terapi.ts";
import { expect, test as base } from "../support/test.ts";

const test = base.extend<{ terapi: Terapi; own: Rest }>({
    /** An instance that this test alone may kill. */
    terapi: async ({}, use) => {
        const terapi = await Terapi.prepare();
        try {
            await use(terapi);
        } finally {
            await terapi.end();
        }
    },
    own: async ({ terapi }, use) => {
        const account = terapi.bootstrap(owner);
        await terapi.start();
        await use(new Rest(terapi.url, environmentOf(account, "dev").secret_key));
    },
});

test("an integration and a connection survive a power cut right after their answers", async ({ terapi, own, acme }) => {
    await acme.script({ auto_approve: true, access_token_life: 3600 });
    const integration = await own.createAcme(acme);
    await terapi.crash();
    expect((await own.must("GET", `/integrations/${integration}`)).data.unique_key).toBe(integration);

    const connection = await authorize(own, integration);
    await terapi.crash();
    const { credentials } = await own.connection(integration, connection);
    expect(credentials.access_token).toEqual(expect.any(String));

    await own.must("DELETE", `/connections/${connection}?provider_config_key=${integration}`);
    await terapi.crash();
    expect(await own.connections(integration)).toEqual([]);
});

test("a rotated refresh token survives a power cut right after the token was answered", async ({ terapi, own, acme }) => {
    await acme.script({ auto_approve: true, access_token_life: 3600, rotation: "rotate" });
    const integration = await own.createAcme(acme);
    const connection = await authorize(own, integration);

    for (const _ of [1, 2, 3]) {
        await own.connection(integration, connection, { force_refresh: "true" });
        await terapi.crash();
    }
    const { credentials } = await own.connection(integration, connection, { force_refresh: "true" });
    expect(credentials.access_token).toEqual(expect.any(String));
    expect((await acme.counters()).reuses).toBe(0);
});

test("a popup that was open during a restart still completes", async ({ terapi, own, acme, page }) => {
    const integration = await own.createAcme(acme);
    const { token } = await own.openSession(integration);
    await page.goto(`${terapi.url}/oauth/connect/${integration}?connect_session_token=${token}`);

    await terapi.crash();
    await page.getByRole("button", { name: "Allow" }).click();

    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Connected");
    expect(await own.connections(integration)).toHaveLength(1);
});

test("a key and an operator's session survive a power cut right after their answers", async ({ terapi, own, context, page }) => {
    expect((await own.call("GET", "/integrations")).status).toBe(200);
    const cookie = await signIn(terapi.url, owner);
    await terapi.crash();

    await context.addCookies([{ ...cookie, url: terapi.url }]);
    await page.goto(`${terapi.url}/app/dev/settings/keys`);
    await page.getByLabel("Name").fill("made before the cut");
    await page.getByRole("button", { name: "Create key" }).click();
    const key = await page.getByLabel("Secret key", { exact: true }).innerText();
    await terapi.crash();

    expect((await new Rest(terapi.url, key).call("GET", "/integrations")).status).toBe(200);
    await page.goto(`${terapi.url}/app/dev/settings/keys`);
    await expect(page.getByRole("rowheader", { name: "made before the cut" })).toBeVisible();
});

test("of connections that are made when the power goes, every answered one is there", async ({ terapi, own, acme }) => {
    const integration = await own.createAcme(acme, "acme-api-key");
    const answered: string[] = [];
    let enough = () => {};
    const several = new Promise<void>((done) => (enough = done));
    const connectUntilCut = async () => {
        for (;;) {
            const connected = await own.connectWithKey(integration).catch(() => null);
            if (connected === null) return;
            if (answered.push(connected) === 10) enough();
        }
    };
    const customers = Array.from({ length: 8 }, connectUntilCut);

    await several;
    await terapi.running.kill();
    await Promise.all(customers);
    await terapi.start();

    expect(answered.length).toBeGreaterThanOrEqual(10);
    const stored = new Set((await own.connections(integration)).map(({ connection_id }) => connection_id));
    expect(answered.filter((id) => !stored.has(id))).toEqual([]);
    expect((await own.connection(integration, answered[9]!)).credentials).toEqual({ type: "API_KEY", apiKey: DEMO.apiKey });
});

test("without its key file the server refuses to start and says why, and with it restored it works again", async ({
    terapi,
    own,
    acme,
}) => {
    const integration = await own.createAcme(acme);
    const key = join(terapi.folder, "data", "encryption.key");
    expect(statSync(key).mode & 0o777).toBe(0o600);
    await terapi.running.stop();

    renameSync(key, `${key}.away`);
    const refused = terapi.launch();
    expect(await refused.ended).toBe(1);
    expect(refused.output).toContain(
        `the database holds data sealed with an encryption key, but ${key} does not exist and TERAPI_ENCRYPTION_KEYS is ` +
            "not set. Restore the key file from your backup, or set TERAPI_ENCRYPTION_KEYS to the key that this database " +
            "was used with. Nothing was changed",
    );

    renameSync(`${key}.away`, key);
    await terapi.start();
    const { data } = await own.must("GET", `/integrations/${integration}?include=credentials`);
    expect(data.credentials.client_secret).toBe(DEMO.clientSecret);
});

test("a server that is asked to stop answers what it has begun", async ({ terapi, own, acme }) => {
    await acme.script({ auto_approve: true, access_token_life: 3600 });
    const integration = await own.createAcme(acme);
    const connection = await authorize(own, integration);
    await acme.script({ refresh: { kind: "hold" } });

    const answer = own.connection(integration, connection, { force_refresh: "true" });
    await expect.poll(async () => (await acme.counters()).refreshes).toBe(1);
    const stopped = terapi.running.stop();
    await acme.release();

    expect((await answer).credentials.access_token).toEqual(expect.any(String));
    await stopped;
});
