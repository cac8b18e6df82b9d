// The published Node SDK, unmodified, as a customer's backend uses it.
import { Nango } from "@nangohq/node";

import { DEMO, type Acme } from "../support/acme.ts";
import { authorize } from "../support/authorize.ts";
import { dev, url } from "../support/instance.ts";
import { Rest, uniqueKey } from "../support/rest.ts";
import { expect, test } from "../support/test.ts";

const nango = new Nango({ host: url, secretKey: dev.secret_key });
const rest = new Rest(url, dev.secret_key);

/** What the SDK's rejections carry of the server's answer. */
const refusal = (status: number, code: string) => ({ response: { status, data: { error: { code } } } });

async function connectApiKey(acme: Acme): Promise<{ integration: string; connection: string; endUser: string }> {
    const integration = await rest.createAcme(acme, "acme-api-key");
    const endUser = uniqueKey("user");
    const connection = await rest.connectWithKey(integration, {
        end_user: { id: endUser, email: "grace@example.com", display_name: "Grace Hopper", tags: { plan: "gold" } },
        organization: { id: "navy", display_name: "Navy" },
    });
    return { integration, connection, endUser };
}

test("a backend opens a Connect session and gets a token, a link and its end", async ({ acme }) => {
    const integration = await rest.createAcme(acme);

    const { data } = await nango.createConnectSession({
        end_user: { id: "user-1" },
        allowed_integrations: [integration],
    });

    expect(data.token).toMatch(/^nango_connect_session_/);
    expect(data.connect_link).toBe(`${url}/connect/ui/?session_token=${data.token}`);
    const life = Date.parse(data.expires_at) - Date.now();
    expect(life).toBeGreaterThan(29 * 60_000);
    expect(life).toBeLessThanOrEqual(30 * 60_000);
});

test("a session for an unknown integration is refused with the place of the mistake", async () => {
    const asked = nango.createConnectSession({ end_user: { id: "user-1" }, allowed_integrations: ["nothing-here"] });

    await expect(asked).rejects.toMatchObject(refusal(400, "invalid_body"));
});

test("a reconnect session replaces the credentials of its connection and keeps its metadata", async ({ acme }) => {
    const { integration, connection } = await connectApiKey(acme);
    await nango.setMetadata(integration, connection, { kept: true });

    const { data } = await nango.createReconnectSession({ connection_id: connection, integration_id: integration });
    const path = `/api-auth/api-key/${integration}?connect_session_token=${data.token}`;
    await rest.must("POST", path, { apiKey: "acme_live_second" });

    const after = await nango.getConnection(integration, connection);
    expect(after.credentials).toMatchObject({ apiKey: "acme_live_second" });
    expect(after.metadata).toEqual({ kept: true });
    expect(await rest.connections(integration)).toHaveLength(1);
});

test("integrations are created, listed, read, changed and deleted", async ({ acme }) => {
    const uniqueKey_ = uniqueKey("sdk");
    const { data: created } = await nango.createIntegration({
        provider: "acme",
        unique_key: uniqueKey_,
        display_name: "Mine",
        integration_config: { base_url: acme.url },
        credentials: { type: "OAUTH2", client_id: "id", client_secret: "secret", scopes: "profile,contacts.read" },
    });
    expect(created).toMatchObject({ unique_key: uniqueKey_, provider: "acme", display_name: "Mine" });
    expect(created.logo).toBe(`${url}/images/template-logos/acme.svg`);

    const { configs } = await nango.listIntegrations();
    expect(configs.map(({ unique_key }) => unique_key)).toContain(uniqueKey_);

    const { data: read } = await nango.getIntegration({ uniqueKey: uniqueKey_ }, { include: ["credentials"] });
    expect(read.credentials).toMatchObject({
        type: "OAUTH2",
        client_id: "id",
        client_secret: "secret",
        scopes: "profile,contacts.read",
    });

    const { data: changed } = await nango.updateIntegration({ uniqueKey: uniqueKey_ }, { display_name: "Ours" });
    expect(changed.display_name).toBe("Ours");

    expect((await nango.deleteIntegration(uniqueKey_)).status).toBe(200);
    await expect(nango.getIntegration({ uniqueKey: uniqueKey_ })).rejects.toMatchObject(refusal(404, "not_found"));
});

test("providers are searched and read", async () => {
    const { data: found } = await nango.listProviders({ search: "zend" });
    expect(found.map(({ name }) => name)).toEqual(["zendesk"]);

    const { data: zendesk } = await nango.getProvider({ provider: "zendesk" });
    expect(zendesk).toMatchObject({ name: "zendesk", display_name: "Zendesk", auth_mode: "OAUTH2" });
    expect(zendesk.logo_url).toBe(`${url}/images/template-logos/zendesk.svg`);
    await expect(nango.getProvider({ provider: "nobody" })).rejects.toMatchObject(refusal(404, "not_found"));
});

test("connections are listed by both signatures of the method", async ({ acme }) => {
    const { integration, connection, endUser } = await connectApiKey(acme);
    const listed = [expect.objectContaining({ connection_id: connection, provider_config_key: integration })];

    expect((await nango.listConnections()).connections).toEqual(expect.arrayContaining(listed));
    expect((await nango.listConnections(connection)).connections).toEqual(listed);
    expect((await nango.listConnections(undefined, undefined, { endUserId: endUser })).connections).toEqual(listed);
    expect((await nango.listConnections({ userId: endUser })).connections).toEqual(listed);
    expect((await nango.listConnections({ integrationId: [integration, "another"] })).connections).toEqual(listed);
    expect((await nango.listConnections({ integrationId: integration, tags: { plan: "gold" } })).connections).toEqual(listed);
    expect((await nango.listConnections({ integrationId: integration, tags: { plan: "tin" } })).connections).toEqual([]);
    expect((await nango.listConnections(undefined, undefined, { endUserId: endUser, limit: 1, page: 1 })).connections).toEqual([]);
});

test("a connection is read with its end user, tags and credentials", async ({ acme }) => {
    const { integration, connection, endUser } = await connectApiKey(acme);

    const read = await nango.getConnection(integration, connection);

    expect(read).toMatchObject({
        id: expect.any(Number),
        connection_id: connection,
        provider_config_key: integration,
        provider: "acme-api-key",
        errors: [],
        metadata: null,
        credentials: { type: "API_KEY", apiKey: DEMO.apiKey },
        end_user: { id: endUser, email: "grace@example.com", organization: { id: "navy", display_name: "Navy" } },
        tags: { end_user_id: endUser, organization_id: "navy", plan: "gold" },
    });
    expect(await nango.getToken(integration, connection)).toMatchObject({ apiKey: DEMO.apiKey });
    await expect(nango.getConnection(integration, "nobody")).rejects.toMatchObject(refusal(404, "not_found"));
});

test("a token is the stored one until a refresh is forced, and the refresh token comes only when asked for", async ({ acme }) => {
    await acme.script({ auto_approve: true, access_token_life: 3600 });
    const integration = await rest.createAcme(acme);
    const connection = await authorize(rest, integration);

    const first = await nango.getToken(integration, connection);
    expect(await nango.getToken(integration, connection)).toBe(first);
    expect((await acme.counters()).refreshes).toBe(0);

    const { credentials } = await nango.getConnection(integration, connection, true);
    expect(credentials).toMatchObject({ type: "OAUTH2", access_token: expect.any(String) });
    expect(JSON.stringify(credentials)).not.toContain("refresh_token");
    expect((credentials as { access_token: string }).access_token).not.toBe(first);
    expect((await acme.counters()).refreshes).toBe(1);

    const whole = await nango.getConnection(integration, connection, false, true, true);
    expect(whole.credentials).toMatchObject({ refresh_token: expect.any(String) });
    expect(await nango.getRawTokenResponse(integration, connection)).toMatchObject({ token_type: expect.stringMatching(/bearer/i) });
});

test("twenty readers of an expired token cause one refresh and get the same token", async ({ acme }) => {
    await acme.script({ auto_approve: true, access_token_life: 1 });
    const integration = await rest.createAcme(acme);
    const connection = await authorize(rest, integration);
    await acme.script({ access_token_life: 3600, refresh_delay_ms: 100 });
    const before = (await acme.counters()).refreshes;

    const readers = Array.from({ length: 20 }, () => nango.getToken(integration, connection, true));
    const tokens = new Set(await Promise.all(readers));

    expect(tokens.size).toBe(1);
    expect((await acme.counters()).refreshes - before).toBe(1);
    expect((await acme.counters()).reuses).toBe(0);
});

test("a refused refresh is told to the reader, with the connection and without credentials", async ({ acme }) => {
    await acme.script({ auto_approve: true, access_token_life: 3600 });
    const integration = await rest.createAcme(acme);
    const connection = await authorize(rest, integration);
    await acme.revokeGrants();

    const asked = nango.getConnection(integration, connection, true);

    await expect(asked).rejects.toMatchObject({
        response: {
            status: 400,
            data: { error: { code: "invalid_credentials", payload: { connection: { connection_id: connection, credentials: {} } } } },
        },
    });
});

test("metadata is replaced, merged and read", async ({ acme }) => {
    const { integration, connection } = await connectApiKey(acme);

    expect((await nango.setMetadata(integration, connection, { a: 1, b: { c: 2 } })).status).toBe(201);
    expect((await nango.updateMetadata(integration, [connection], { b: 3 })).status).toBe(200);

    expect(await nango.getMetadata(integration, connection)).toEqual({ a: 1, b: 3 });
    const unknown = nango.setMetadata(integration, [connection, "nobody"], { d: 4 });
    await expect(unknown).rejects.toMatchObject(refusal(404, "unknown_connection"));
    expect(await nango.getMetadata(integration, connection)).toEqual({ a: 1, b: 3 });
});

test("a connection's end user and tags are changed", async ({ acme }) => {
    const { integration, connection } = await connectApiKey(acme);

    const params = { connectionId: connection, provider_config_key: integration };
    const answer = await nango.patchConnection(params, { end_user: { id: "moved" }, tags: { plan: "silver" } });

    expect(answer).toEqual({ success: true });
    const read = await nango.getConnection(integration, connection);
    expect(read.end_user).toMatchObject({ id: "moved" });
    expect(read.tags).toEqual({ end_user_id: "moved", plan: "silver" });
});

test("a deleted connection is gone", async ({ acme }) => {
    const { integration, connection } = await connectApiKey(acme);

    expect((await nango.deleteConnection(integration, connection)).data).toEqual({ success: true });

    await expect(nango.getConnection(integration, connection)).rejects.toMatchObject(refusal(404, "not_found"));
    await expect(nango.deleteConnection(integration, connection)).rejects.toMatchObject(refusal(400, "unknown_connection"));
});

test("an environment without variables has an empty list of them", async () => {
    expect(await nango.getEnvironmentVariables()).toEqual([]);
});

test("a wrong key is refused with a code", async () => {
    const stranger = new Nango({ host: url, secretKey: `terapi_sk_dev_${"x".repeat(43)}` });

    await expect(stranger.listIntegrations()).rejects.toMatchObject(refusal(401, "unknown_account"));
});
