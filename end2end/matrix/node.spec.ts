// One release of each generation of the published Node SDK, unmodified, as a customer's backend uses it: every method
// that concerns authorization.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";

import { expect, test as base } from "@playwright/test";

import { DEMO, type Acme } from "../support/acme.ts";
import { withAcme } from "../support/acme-program.ts";
import { authorize } from "../support/authorize.ts";
import { uniqueKey } from "../support/rest.ts";
import { CELL, cellOf, chosen, nodeCapabilities, since, type NodeCapability } from "./generations.ts";
import { VARIABLE, withPlace, type Place } from "./place.ts";
import { Receiver, type Delivery } from "./receiver.ts";

const test = base.extend<{ acme: Acme }, { place: Place; receiver: Receiver }>({
    acme: async ({}, use) => withAcme(use),
    place: [async ({}, use) => withPlace(use), { scope: "worker" }],
    receiver: [
        async ({}, use) => {
            const receiver = await Receiver.open();
            await use(receiver);
            await receiver.close();
        },
        { scope: "worker" },
    ],
});

interface Cell {
    version: string;
    /** The release's class. Eighteen generations of it have no type in common. */
    Nango: any;
    /** A client of the release, with the secret key of `dev`. */
    nango: any;
    place: Place;
    acme: Acme;
    receiver: Receiver;
}

/** What the SDKs' rejections carry of the server's answer. */
const refusal = (status: number, code: string) => ({ response: { status, data: { error: { code } } } });

/** Connects with an API key, so that there is something to read. */
async function connectKey({ place, acme }: Cell, session: object = {}): Promise<{ integration: string; connection: string }> {
    const integration = await place.rest.createAcme(acme, "acme-api-key");
    return { integration, connection: await place.rest.connectWithKey(integration, session) };
}

/** Connects with OAuth 2.0. */
async function connectOAuth({ place, acme }: Cell): Promise<{ integration: string; connection: string }> {
    await acme.script({ auto_approve: true, access_token_life: 3600 });
    const integration = await place.rest.createAcme(acme);
    return { integration, connection: await authorize(place.rest, integration) };
}

/** The ids in an answer to `listConnections()`. */
const idsOf = ({ connections }: { connections: { connection_id: string }[] }): string[] =>
    connections.map(({ connection_id }) => connection_id).sort();

/** A webhook about a new connection, as it was delivered. */
async function webhook(cell: Cell): Promise<Delivery> {
    const path = `/${uniqueKey("hook")}`;
    await connectKey(cell, { webhook_url_override: `${cell.receiver.origin}${path}` });
    return cell.receiver.deliveryTo(path);
}

/** A client of the release that has the signing key, as its users are told to construct it. */
function verifier({ version, Nango, place }: Cell): any {
    const { secret_key: secretKey, webhook_signing_key: signingKey } = place.dev;
    return since(version, "0.70.8")
        ? new Nango({ host: place.url, secretKey, webhookSigningKey: signingKey })
        : new Nango({ host: place.url, secretKey: signingKey });
}

const passes: Record<Exclude<NodeCapability, "proxy">, (cell: Cell) => Promise<void>> = {
    authentication: async ({ version, nango, Nango, place }) => {
        const schemes = new Set<string>();
        const note = (message: unknown) => {
            const { request } = message as { request: ClientRequest };
            schemes.add(String(request.getHeader("authorization")).split(" ")[0]!);
        };
        subscribe("http.client.request.start", note);
        await nango.listConnections();
        unsubscribe("http.client.request.start", note);
        const isBasic = version === "0.9.0" || (since(version, "0.17.6") && !since(version, "0.24.12"));
        expect([...schemes]).toEqual([isBasic ? "Basic" : "Bearer"]);

        const byOtherName = since(version, "0.70.8") ? new Nango({ host: place.url, apiKey: place.dev.secret_key }) : nango;
        expect(idsOf(await byOtherName.listConnections())).toEqual(expect.any(Array));
    },

    refusals: async ({ nango, Nango, place }) => {
        const stranger = new Nango({ host: place.url, secretKey: `terapi_sk_dev_${"x".repeat(43)}` });
        await expect(stranger.listConnections()).rejects.toMatchObject(refusal(401, "unknown_account"));
        await expect(nango.getConnection("nothing-here", "nobody")).rejects.toMatchObject(refusal(400, "unknown_provider_config"));
    },

    "connections: list": async (cell) => {
        const { integration, connection } = await connectKey(cell);

        const { connections } = await cell.nango.listConnections();

        const item = expect.objectContaining({ connection_id: connection, provider_config_key: integration, provider: "acme-api-key" });
        expect(connections).toEqual(expect.arrayContaining([item]));
    },

    "connections: list with filters": async (cell) => {
        const { version, nango } = cell;
        const endUser = { id: uniqueKey("user"), email: `${uniqueKey("grace")}@example.com`, display_name: uniqueKey("Grace"), tags: { plan: "gold" } };
        const organization = { id: uniqueKey("navy"), display_name: "Navy" };
        const { integration, connection } = await connectKey(cell, { end_user: endUser, organization });
        const other = await connectKey(cell);
        const only = [connection];

        expect(idsOf(await nango.listConnections(connection))).toEqual(only);
        if (since(version, "0.42.22")) expect(idsOf(await nango.listConnections(undefined, endUser.display_name))).toEqual(only);
        if (since(version, "0.48.0")) {
            const listBy = async (filters: object) => idsOf(await nango.listConnections(undefined, undefined, filters));
            expect(await listBy({ endUserId: endUser.id })).toEqual(only);
            expect(await listBy({ endUserOrganizationId: organization.id })).toEqual(only);
            if (since(version, "0.69.22")) expect(await listBy({ endUserId: endUser.id, limit: 1, page: 1 })).toEqual([]);
        }
        if (since(version, "0.69.10")) {
            const listBy = async (filters: object) => idsOf(await nango.listConnections(filters));
            expect(await listBy({ userId: endUser.id })).toEqual(only);
            expect(await listBy({ connectionId: connection })).toEqual(only);
            expect(await listBy({ integrationId: integration })).toEqual(only);
            expect(await listBy({ integrationId: [integration, other.integration] })).toEqual([connection, other.connection].sort());
            expect(await listBy({ tags: { displayName: endUser.display_name } })).toEqual(only);
            expect(await listBy({ tags: { email: endUser.email } })).toEqual(only);
            expect(await listBy({ integrationId: integration, tags: { email: "nobody@example.com" } })).toEqual([]);
            if (since(version, "0.69.31")) {
                expect(await listBy({ integrationId: integration, tags: { Plan: "gold" } })).toEqual(only);
                expect(await listBy({ integrationId: integration, tags: { plan: "tin" } })).toEqual([]);
                expect(await listBy({ integrationId: integration, limit: 1, page: 1 })).toEqual([]);
            }
        }
    },

    "connections: read": async (cell) => {
        const { version, nango } = cell;
        const { integration, connection } = await connectKey(cell);
        expect(await nango.getConnection(integration, connection)).toMatchObject({
            id: expect.any(Number),
            connection_id: connection,
            provider_config_key: integration,
            provider: "acme-api-key",
            connection_config: expect.any(Object),
            credentials: { type: "API_KEY", apiKey: DEMO.apiKey },
        });
        await expect(nango.getConnection(integration, "nobody")).rejects.toMatchObject(refusal(404, "not_found"));

        const basic = await cell.place.rest.createAcme(cell.acme, "acme-basic");
        const { token } = await cell.place.rest.openSession(basic);
        const answer = await cell.place.rest.must("POST", `/api-auth/basic/${basic}?connect_session_token=${token}`, {
            username: DEMO.user,
            password: DEMO.password,
        });
        const credentials = { type: "BASIC", username: DEMO.user, password: DEMO.password };
        expect((await nango.getConnection(basic, answer.connectionId)).credentials).toEqual(credentials);

        const oauth = await connectOAuth(cell);
        const read = await nango.getConnection(oauth.integration, oauth.connection);
        expect(read.credentials).toMatchObject({ type: "OAUTH2", access_token: expect.any(String), raw: expect.any(Object) });
        expect(JSON.stringify(read)).not.toContain("refresh_token");
        if (since(version, "0.17.6")) {
            const whole = await nango.getConnection(oauth.integration, oauth.connection, false, true, true);
            expect(whole.credentials.refresh_token).toEqual(expect.any(String));
        }
    },

    "connections: token": async (cell) => {
        const { version, nango } = cell;
        const oauth = await connectOAuth(cell);
        const token = await nango.getToken(oauth.integration, oauth.connection);
        const me = await fetch(`${cell.acme.url}/api/me`, { headers: { authorization: `Bearer ${token}` } });
        expect(me.status, "Acme takes the token").toBe(200);
        const raw = await nango.getRawTokenResponse(oauth.integration, oauth.connection);
        expect(raw).toMatchObject({ access_token: token, token_type: expect.stringMatching(/bearer/i) });

        const { integration, connection } = await connectKey(cell);
        const asked = nango.getToken(integration, connection);
        if (since(version, "0.25.9")) expect(await asked).toEqual({ type: "API_KEY", apiKey: DEMO.apiKey });
        else await expect(asked, "the client knows only OAuth").rejects.toThrow();
    },

    "connections: forced refresh": async (cell) => {
        const { nango, acme } = cell;
        const { integration, connection } = await connectOAuth(cell);
        const first = await nango.getToken(integration, connection);
        expect(await nango.getToken(integration, connection)).toBe(first);
        expect((await acme.counters()).refreshes).toBe(0);

        const second = await nango.getToken(integration, connection, true);

        expect(second).not.toBe(first);
        expect((await nango.getConnection(integration, connection, true)).credentials.access_token).not.toBe(second);
        expect(await nango.getRawTokenResponse(integration, connection, true)).toMatchObject({ access_token: expect.any(String) });
        expect((await acme.counters()).refreshes).toBe(3);
        await acme.revokeGrants();
        const refused = nango.getConnection(integration, connection, true);
        await expect(refused).rejects.toMatchObject(refusal(400, "invalid_credentials"));
    },

    "connections: create": async ({ nango, place, acme }) => {
        const oauth = await place.rest.createAcme(acme);
        const connection_id = uniqueKey("imported");
        const imported = { provider_config_key: oauth, connection_id, access_token: "at-1", refresh_token: "rt-1", no_expiration: true };
        expect((await nango.createConnection(imported)).status).toBe(201);
        expect(await nango.getToken(oauth, connection_id)).toBe("at-1");

        const key = await place.rest.createAcme(acme, "acme-api-key");
        const answer = await nango.createConnection({ provider_config_key: key, connection_id, api_key: DEMO.apiKey });
        expect(answer.data).toMatchObject({ connection_id });
        expect((await nango.getConnection(key, connection_id)).credentials).toEqual({ type: "API_KEY", apiKey: DEMO.apiKey });

        const basic = await place.rest.createAcme(acme, "acme-basic");
        const { user: username, password } = DEMO;
        await nango.createConnection({ provider_config_key: basic, connection_id, username, password });
        expect((await nango.getConnection(basic, connection_id)).credentials).toEqual({ type: "BASIC", username, password });

        const without = nango.createConnection({ provider_config_key: oauth, connection_id: uniqueKey("imported") });
        await expect(without).rejects.toMatchObject(refusal(400, "missing_access_token"));
    },

    "connections: change": async (cell) => {
        const { nango } = cell;
        const { integration, connection } = await connectKey(cell);

        const params = { connectionId: connection, provider_config_key: integration };
        const answer = await nango.patchConnection(params, { end_user: { id: "moved" }, tags: { plan: "silver" } });

        expect(answer).toEqual({ success: true });
        const read = await nango.getConnection(integration, connection);
        expect(read.end_user).toMatchObject({ id: "moved" });
        expect(read.tags).toEqual({ end_user_id: "moved", plan: "silver" });
    },

    "connections: delete": async (cell) => {
        const { nango } = cell;
        const { integration, connection } = await connectKey(cell);

        expect(await nango.deleteConnection(integration, connection)).toMatchObject({ status: 200, data: { success: true } });

        await expect(nango.getConnection(integration, connection)).rejects.toMatchObject(refusal(404, "not_found"));
        await expect(nango.deleteConnection(integration, connection)).rejects.toMatchObject(refusal(400, "unknown_connection"));
    },

    metadata: async (cell) => {
        const { version, nango } = cell;
        const { integration, connection } = await connectKey(cell);

        expect((await nango.setMetadata(integration, connection, { gone: 1 })).status).toBe(201);
        expect((await nango.setMetadata(integration, connection, { a: 1, b: { c: 2 } })).status).toBe(201);
        if (since(version, "0.36.100")) {
            expect((await nango.updateMetadata(integration, connection, { b: 3 })).status).toBe(200);
            expect(await nango.getMetadata(integration, connection)).toEqual({ a: 1, b: 3 });
        } else {
            expect(await nango.getMetadata(integration, connection)).toEqual({ a: 1, b: { c: 2 } });
        }
        if (since(version, "0.39.33")) {
            const several = [connection, await cell.place.rest.connectWithKey(integration)];
            expect((await nango.setMetadata(integration, several, { d: 4 })).status).toBe(201);
            for (const one of several) expect(await nango.getMetadata(integration, one)).toEqual({ d: 4 });
        }
        const unknown = nango.setMetadata(integration, "nobody", { d: 4 });
        await expect(unknown).rejects.toMatchObject(refusal(404, "unknown_connection"));
    },

    "field mappings": async (cell) => {
        const { nango } = cell;
        const { integration, connection } = await connectKey(cell);

        const answer = await nango.setFieldMapping({ email: "mail" }, integration, connection);

        expect(answer.status).toBeLessThan(300);
        expect(await nango.getFieldMapping(integration, connection)).toEqual({ email: "mail" });
        expect((await nango.getConnection(integration, connection)).metadata).toMatchObject({ email: "mail" });
    },

    "integrations: read": async ({ version, nango, place, acme }) => {
        const integration = await place.rest.createAcme(acme);
        if (!since(version, "0.63.1")) {
            const { config } = await nango.getIntegration(integration);
            expect(config).toMatchObject({ unique_key: integration, provider: "acme", syncs: [], actions: [] });
            const whole = await nango.getIntegration(integration, true);
            expect(whole.config).toMatchObject({ client_id: DEMO.clientId, client_secret: DEMO.clientSecret, auth_mode: "OAUTH2" });
            const unknown = nango.getIntegration("nothing-here");
            await expect(unknown).rejects.toMatchObject({ response: { status: 400 } });
        }
        if (since(version, "0.42.13")) {
            const { data } = await nango.getIntegration({ uniqueKey: integration }, { include: ["credentials"] });
            expect(data).toMatchObject({ unique_key: integration, provider: "acme" });
            expect(data.credentials).toMatchObject({ type: "OAUTH2", client_id: DEMO.clientId, client_secret: DEMO.clientSecret });
            const unknown = nango.getIntegration({ uniqueKey: "nothing-here" });
            await expect(unknown).rejects.toMatchObject(refusal(404, "not_found"));
        }
    },

    "integrations: list": async ({ nango, place, acme }) => {
        const integration = await place.rest.createAcme(acme);

        const { configs } = await nango.listIntegrations();

        expect(configs).toEqual(expect.arrayContaining([expect.objectContaining({ unique_key: integration, provider: "acme" })]));
    },

    "integrations: create, change, delete": async ({ version, nango, place, acme }) => {
        const key = uniqueKey("sdk");
        const stored = async () =>
            (await place.rest.must("GET", `/integrations/${key}?include=credentials`)).data as Record<string, any>;
        if (since(version, "0.58.7")) {
            const { data } = await nango.createIntegration({
                provider: "acme",
                unique_key: key,
                display_name: "Mine",
                integration_config: { base_url: acme.url },
                credentials: { type: "OAUTH2", client_id: "id", client_secret: "secret", scopes: "profile,contacts.read" },
            });
            expect(data).toMatchObject({ unique_key: key, provider: "acme", display_name: "Mine" });
            await nango.updateIntegration({ uniqueKey: key }, { display_name: "Ours" });
            expect(await stored()).toMatchObject({ display_name: "Ours", credentials: { client_id: "id" } });
        } else {
            const credentials = { oauth_client_id: "id", oauth_client_secret: "secret", oauth_scopes: "profile,contacts.read" };
            const { config } = await nango.createIntegration("acme", key, credentials);
            expect(config).toMatchObject({ unique_key: key, provider: "acme", syncs: [], actions: [] });
            expect((await stored()).credentials).toMatchObject({ client_id: "id", client_secret: "secret", scopes: "profile,contacts.read" });
            const changed = await nango.updateIntegration("acme", key, { oauth_client_id: "another" });
            expect(changed.config).toMatchObject({ unique_key: key, provider: "acme" });
            expect((await stored()).credentials).toMatchObject({ client_id: "another", client_secret: "secret" });
        }
        expect((await nango.deleteIntegration(key)).status).toBeLessThan(300);
        expect((await place.rest.call("GET", `/integrations/${key}`)).status).toBe(404);
    },

    "integrations: quickstart": async ({ nango }) => {
        const asked = nango.createQuickstartIntegration({ provider: "acme", unique_key: uniqueKey("quick") });

        await expect(asked, "there are no developer apps to lend").rejects.toMatchObject(refusal(400, "invalid_body"));
    },

    providers: async ({ nango, place }) => {
        const { data: found } = await nango.listProviders({ search: "zend" });
        expect(found.map(({ name }: { name: string }) => name)).toEqual(["zendesk"]);

        const { data: zendesk } = await nango.getProvider({ provider: "zendesk" });
        expect(zendesk).toMatchObject({ name: "zendesk", display_name: "Zendesk", auth_mode: "OAUTH2" });
        expect(zendesk.logo_url).toBe(`${place.url}/images/template-logos/zendesk.svg`);
        await expect(nango.getProvider({ provider: "nobody" })).rejects.toMatchObject(refusal(404, "not_found"));
    },

    "connect sessions": async ({ nango, place, acme }) => {
        const integration = await place.rest.createAcme(acme, "acme-api-key");
        const asked = { end_user: { id: uniqueKey("user"), email: "ada@example.com" }, allowed_integrations: [integration] };

        const { data } = await nango.createConnectSession(asked);

        expect(data).toEqual({
            token: expect.stringMatching(/^nango_connect_session_[0-9a-f]{64}$/),
            connect_link: `${place.url}/connect/ui/?session_token=${data.token}`,
            expires_at: expect.any(String),
        });
        await place.rest.must("POST", `/api-auth/api-key/${integration}?connect_session_token=${data.token}`, { apiKey: DEMO.apiKey });
        expect((await place.rest.connections(integration))[0].end_user).toMatchObject({ id: asked.end_user.id });
        const wrong = nango.createConnectSession({ ...asked, allowed_integrations: ["nothing-here"] });
        await expect(wrong).rejects.toMatchObject(refusal(400, "invalid_body"));
    },

    "connect sessions: reconnect": async (cell) => {
        const { nango, place } = cell;
        const { integration, connection } = await connectKey(cell);
        await place.rest.must("POST", "/connections/metadata", {
            provider_config_key: integration,
            connection_id: connection,
            metadata: { kept: true },
        });

        const { data } = await nango.createReconnectSession({ connection_id: connection, integration_id: integration });
        const path = `/api-auth/api-key/${integration}?connect_session_token=${data.token}`;
        await place.rest.must("POST", path, { apiKey: "acme_live_second" });

        const after = await nango.getConnection(integration, connection);
        expect(after).toMatchObject({ credentials: { apiKey: "acme_live_second" }, metadata: { kept: true } });
        expect(await place.rest.connections(integration)).toHaveLength(1);
    },

    "waiting for a connection": async ({ nango, place, acme }) => {
        const integration = await place.rest.createAcme(acme, "acme-api-key");
        const user = uniqueKey("user");

        const waiting = nango.waitForConnection(integration, user);
        const connection = await place.rest.connectWithKey(integration, { end_user: { id: user } });

        // The client itself looks for the first time after ten seconds.
        expect(await waiting).toMatchObject({ connection_id: connection, provider_config_key: integration });
    },

    "environment variables": async ({ Nango, nango, place }) => {
        expect(await nango.getEnvironmentVariables()).toEqual([]);

        const other = new Nango({ host: place.url, secretKey: place.prod.secret_key });
        expect(await other.getEnvironmentVariables()).toEqual([VARIABLE]);
    },

    "webhooks: signature": async (cell) => {
        const { headers, body } = await webhook(cell);
        const read = JSON.parse(body) as { connectionId: string };

        expect(read).toMatchObject({ from: "nango", type: "auth", operation: "creation", success: true, environment: "dev" });
        const signature = headers["x-nango-signature"];
        expect(verifier(cell).verifyWebhookSignature(signature, read)).toBe(true);
        expect(verifier(cell).verifyWebhookSignature(signature, { ...read, connectionId: "another" })).toBe(false);
    },

    "webhooks: whole request": async (cell) => {
        const { headers, body } = await webhook(cell);

        expect(verifier(cell).verifyIncomingWebhookRequest(body, headers)).toBe(true);
        expect(verifier(cell).verifyIncomingWebhookRequest(`${body} `, headers)).toBe(false);
        expect(cell.nango.verifyIncomingWebhookRequest(body, headers), "the secret key signs nothing").toBe(false);
    },
};

for (const generation of chosen("node")) {
    const { name, version } = generation;
    test.describe(`${name} ${version}`, () => {
        for (const capability of nodeCapabilities) {
            if (capability.absent(version) !== null) continue;
            const annotation = { type: CELL, description: cellOf("node", generation, capability.name) };
            test(capability.name, { annotation }, async ({ place, acme, receiver }) => {
                const { Nango } = await import(`node-${version}`);
                const nango = new Nango({ host: place.url, secretKey: place.dev.secret_key });
                await passes[capability.name as keyof typeof passes]({ version, Nango, nango, place, acme, receiver });
            });
        }
    });
}
