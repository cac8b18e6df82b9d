// One release of each generation of the published browser SDK, unmodified, in a page of another origin than Terapi's,
// in a browser that blocks popups as people's browsers do.
import { createHmac } from "node:crypto";

import type { FrameLocator, Locator, Page } from "@playwright/test";

import { DEMO, type Acme } from "../support/acme.ts";
import { uniqueKey } from "../support/rest.ts";
import { expect, test as base } from "../support/test.ts";
import type { Watch } from "../support/watch.ts";
import { CELL, cellOf, chosen, frontendCapabilities, since, type FrontendCapability } from "./generations.ts";
import { HMAC_KEY, withPlace, type Place } from "./place.ts";
import { Sites, Visit, type Order, type Outcome } from "./site.ts";

const test = base.extend<{}, { place: Place; sites: Sites }>({
    place: [async ({}, use) => withPlace(use), { scope: "worker" }],
    sites: [
        async ({}, use) => {
            const sites = await Sites.open();
            await use(sites);
            await sites.close();
        },
        { scope: "worker" },
    ],
});

interface Cell {
    version: string;
    visit: Visit;
    page: Page;
    watch: Watch;
    place: Place;
    acme: Acme;
}

/** The settings with which a release uses a session token; the older ones think that it is a public key. */
function tokenSettings({ version, place }: Cell, token: string): object {
    return since(version, "0.42.15") ? { host: place.url, connectSessionToken: token } : { host: place.url, publicKey: token };
}

/** `auth()` or `create()` without a connection id; it may be left out only since 0.42.13. */
function without(version: string, integration: string, options?: object): unknown[] {
    if (since(version, "0.42.13")) return options === undefined ? [integration] : [integration, options];
    return [integration, "$undefined", ...(options === undefined ? [] : [options])];
}

/** An order for `auth()` with the token of a new session. */
async function authOrder(cell: Cell, integration: string, options?: object, session: object = {}): Promise<Order> {
    const { token } = await cell.place.rest.openSession(integration, session);
    return { settings: tokenSettings(cell, token), method: "auth", args: without(cell.version, integration, options) };
}

/** What a popup's success resolves with. */
function success(version: string, integration: string, connectionId: unknown = expect.any(String)): Outcome {
    const result = { providerConfigKey: integration, connectionId };
    return { result: since(version, "0.37.26") ? { ...result, isPending: false } : result };
}

/** How a release tells a failure of the popup. */
function failure(version: string, type: string, message: unknown = expect.any(String)): Outcome {
    if (version === "0.8.0") return { error: { error: { type, message } } };
    if (!since(version, "0.35.21")) return { error: { type, message } };
    return { error: { isAuthError: true, type, message } };
}

/** How a release tells that a POST was refused: up to 0.36.12 the body itself, then an error, of which those before 0.42.10 cannot read the message. */
function refused(version: string, type: string): Outcome {
    if (!since(version, "0.36.65")) return { error: { type, isAuthError: false } };
    if (!since(version, "0.42.10")) return { error: { type, isAuthError: true } };
    return { error: { type, isAuthError: true, message: expect.stringMatching(/\S/) } };
}

/** Presses Allow at Acme, and waits for the popup to close, which up to 0.42.10 only its own page does. */
async function allow(popup: Page): Promise<void> {
    const closed = popup.waitForEvent("close");
    await popup.getByRole("button", { name: "Allow" }).click();
    await closed;
}

/** The Connect UI in its iframe. */
function connectUi(page: Page): FrameLocator {
    return page.frameLocator("iframe#connect-ui");
}

/** Addresses that the Connect UI may be given: up to 0.68.1 only a bare origin can work. */
function baseUrls({ version, place }: Cell): string[] {
    return since(version, "0.69.3") ? [place.url, `${place.url}/connect/ui`] : [place.url];
}

/** Opens the Connect UI for one integration with a session of its own. */
async function openConnectUi(cell: Cell, baseURL: string, integration: string, more: object = {}): Promise<void> {
    const { token } = await cell.place.rest.openSession(integration);
    const props = { sessionToken: token, baseURL, apiURL: cell.place.url, ...more };
    const settings = since(cell.version, "0.48.0") ? { host: cell.place.url } : tokenSettings(cell, token);
    await cell.visit.begin();
    await cell.visit.press({ settings, method: "openConnectUI", args: [props] });
}

/** Presses what takes its own frame away: a real click would wait for that frame's word that it was clicked. */
async function pressLast(page: Page, button: Locator): Promise<void> {
    await expect(button).toBeVisible();
    await button.dispatchEvent("click");
    await expect(page.locator("iframe#connect-ui")).toHaveCount(0);
}

/** The iframe has told of the connection, is closed by its user, and tells that too. */
async function finishConnectUi({ visit, page, place }: Cell, integration: string): Promise<void> {
    await pressLast(page, connectUi(page).getByRole("button", { name: "Finish" }));
    const events = await visit.events();
    const [connection] = await place.rest.connections(integration);
    expect(events.map(({ type }) => type)).toEqual(["ready", "connect", "close"]);
    expect(events[1].payload).toMatchObject({ providerConfigKey: integration, connectionId: connection.connection_id });
}

/** Credentials of modes that are not built, the route that a release sends them to, and the releases that do so. */
const UNBUILT: { route: string; first: string; end?: string; credentials: object; options?: object }[] = [
    {
        route: "/app-store-auth/",
        first: "0.36.89",
        end: "0.42.22",
        credentials: { privateKeyId: "id", issuerId: "issuer", privateKey: "key" },
    },
    {
        route: "/app-store-auth/",
        first: "0.71.1",
        end: "0.71.3",
        credentials: { privateKeyId: "id", issuerId: "issuer", privateKey: "key" },
    },
    { route: "/oauth2/auth/", first: "0.39.33", credentials: { client_id: "id", client_secret: "secret" } },
    { route: "/auth/tba/", first: "0.40.8", credentials: { token_id: "id", token_secret: "secret" } },
    {
        route: "/auth/tableau/",
        first: "0.42.10",
        end: "0.62.0",
        credentials: { pat_name: "name", pat_secret: "secret", content_url: "site" },
    },
    { route: "/auth/jwt/", first: "0.42.22", credentials: { type: "JWT", privateKey: "id:secret" } },
    { route: "/auth/two-step/", first: "0.42.22", credentials: { type: "TWO_STEP", name: "value" } },
    {
        route: "/auth/bill/",
        first: "0.42.22",
        credentials: { username: "user", password: "password", organization_id: "id", dev_key: "key" },
    },
    { route: "/auth/signature/", first: "0.48.0", credentials: { type: "SIGNATURE", username: "user", password: "password" } },
    { route: "/auth/oauth-outbound/", first: "0.62.0", credentials: {}, options: { installation: "outbound" } },
    { route: "/auth/aws-sigv4/", first: "0.70.7", credentials: { type: "AWS_SIGV4", role_arn: "arn:aws:iam::1:role/r" } },
];

const passes: Record<FrontendCapability, (cell: Cell) => Promise<void>> = {
    "popup with a session token": async (cell) => {
        const { version, visit, place, acme } = cell;
        const integration = await place.rest.createAcme(acme);
        await visit.begin();

        const popup = await visit.pressForPopup(await authOrder(cell, integration));
        await allow(popup);

        const outcome = await visit.outcome();
        expect(outcome).toEqual(success(version, integration));
        const connection = await place.rest.connection(integration, outcome.result.connectionId);
        expect(connection).toMatchObject({ credentials: { type: "OAUTH2" }, end_user: { email: "ada@example.com" } });
    },

    "popup with the public key": async ({ version, visit, place, acme }) => {
        await acme.script({ auto_approve: true });
        const integration = await place.rest.createAcme(acme);
        const connectionId = uniqueKey("customer");
        await visit.begin();

        const settings = { host: place.url, publicKey: place.dev.public_key };
        const popup = await visit.pressForPopup({ settings, method: "auth", args: [integration, connectionId] });

        expect(await visit.outcome()).toEqual(success(version, integration, connectionId));
        if (!popup.isClosed()) await popup.waitForEvent("close");
        expect((await place.rest.connections(integration)).map(({ connection_id }) => connection_id)).toEqual([connectionId]);
    },

    "provider refuses": async (cell) => {
        const { version, visit, place, acme } = cell;
        const integration = await place.rest.createAcme(acme);
        await visit.begin();

        const popup = await visit.pressForPopup(await authOrder(cell, integration));
        await popup.getByRole("button", { name: "Deny" }).click();

        expect(await visit.outcome()).toMatchObject(failure(version, "callback_err", expect.stringContaining("access_denied")));
        expect(await place.rest.connections(integration)).toEqual([]);
    },

    "refused before the redirect": async (cell) => {
        const { version, visit, place, acme } = cell;
        const integration = await place.rest.createAcme(acme);
        const settings = tokenSettings(cell, `nango_connect_session_${"0".repeat(64)}`);
        await visit.begin();

        await visit.press({ settings, method: "auth", args: without(version, integration) });

        expect(await visit.outcome()).toMatchObject(failure(version, "unknown_connect_session_token"));
    },

    "closed popup": async (cell) => {
        const { version, visit, place, acme } = cell;
        const integration = await place.rest.createAcme(acme);
        await visit.begin();

        const popup = await visit.pressForPopup(await authOrder(cell, integration, { detectClosedAuthWindow: true }));
        await expect(popup.getByRole("button", { name: "Allow" })).toBeVisible();
        await popup.close();

        const type = since(version, "0.62.0") ? "window_closed" : version === "0.8.0" ? "authorization_cancelled" : "windowClosed";
        expect(await visit.outcome()).toMatchObject(failure(version, type));
        expect(await place.rest.connections(integration)).toEqual([]);
    },

    "blocked popup": async (cell) => {
        const { version, visit, page, watch, place, acme } = cell;
        const integration = await place.rest.createAcme(acme);
        watch.pardon(/^said: Blocked opening /);
        await visit.beginBoxed();

        const outcome = await visit.ask(await authOrder(cell, integration));

        const type = version === "0.8.0" ? "authorization_cancelled" : "blocked_by_browser";
        expect(outcome).toMatchObject(failure(version, type));
        expect(page.context().pages()).toHaveLength(1);
        expect(await place.rest.connections(integration)).toEqual([]);
    },

    "params, scopes and authorization params": async (cell) => {
        const { version, visit, place, acme } = cell;
        const integration = await place.rest.createAcme(acme, "acme", { provider: "acme-site" });
        // Until 0.63.0 nothing was encoded, and those that reserve a character could not be sent.
        const site = since(version, "0.63.0") ? "north & west, #1 ü" : "north west, 1";
        const params = { site, oauth_scopes_override: "profile,contacts.write" };
        const authorization_params = { prompt: "login", ...(since(version, "0.33.8") ? { access_type: "$undefined" } : {}) };
        await visit.begin();

        const popup = await visit.pressForPopup(await authOrder(cell, integration, { params, authorization_params }));
        await expect(popup.getByRole("button", { name: "Allow" })).toBeVisible();

        const asked = new URL(popup.url()).searchParams;
        expect(asked.get("scope")).toBe("profile contacts.write");
        expect(asked.get("prompt")).toBe(since(version, "0.24.13") ? "login" : null);
        expect(asked.get("access_type")).toBe(since(version, "0.33.8") ? null : "offline");
        await allow(popup);
        const { result } = await visit.outcome();
        const { connection_config } = await place.rest.connection(integration, result.connectionId);
        expect(connection_config).toMatchObject({ site });
    },

    HMAC: async (cell) => {
        const { version, visit, place, acme } = cell;
        await acme.script({ auto_approve: true });
        const integration = await place.prodRest.createAcme(acme);
        const connectionId = uniqueKey("customer");
        const settings = { host: place.url, publicKey: place.prod.public_key };
        const hmac = createHmac("sha256", HMAC_KEY).update(`${integration}:${connectionId}`).digest("hex");
        const authWith = (options: object): Order => ({ settings, method: "auth", args: [integration, connectionId, options] });
        await visit.begin();

        await visit.press(authWith({}));
        expect(await visit.outcome()).toMatchObject(failure(version, "missing_hmac"));
        await visit.begin();
        await visit.press(authWith({ hmac: hmac.replace(/^./, (digit) => (digit === "0" ? "1" : "0")) }));
        expect(await visit.outcome()).toMatchObject(failure(version, "invalid_hmac"));
        expect(await place.prodRest.connections(integration)).toEqual([]);

        await visit.begin();
        await visit.press(authWith({ hmac }));
        expect(await visit.outcome()).toEqual(success(version, integration, connectionId));

        if (!since(version, "0.24.13")) return;
        const key = await place.prodRest.createAcme(acme, "acme-api-key");
        const digest = createHmac("sha256", HMAC_KEY).update(`${key}:${connectionId}`).digest("hex");
        const credentials = { apiKey: DEMO.apiKey, type: "API_KEY" };
        await visit.ask({ settings, method: "auth", args: [key, connectionId, { credentials, hmac: digest }] });
        expect((await place.prodRest.connections(key)).map(({ connection_id }) => connection_id)).toEqual([connectionId]);
    },

    "own OAuth app of the end user": async (cell) => {
        const { version, visit, place, acme } = cell;
        await acme.registerClient({ client_id: "end-users-app", client_secret: "end-users-secret" });
        const integration = await place.rest.createAcme(acme);
        const credentials = { oauth_client_id_override: "end-users-app", oauth_client_secret_override: "end-users-secret" };
        await visit.begin();

        const popup = await visit.pressForPopup(await authOrder(cell, integration, { credentials }));
        await expect(popup.getByRole("button", { name: "Allow" })).toBeVisible();
        expect(new URL(popup.url()).searchParams.get("client_id")).toBe("end-users-app");
        await allow(popup);

        const outcome = await visit.outcome();
        expect(outcome).toEqual(success(version, integration));
        const renewed = await place.rest.connection(integration, outcome.result.connectionId, { force_refresh: "true" });
        expect(renewed.credentials.access_token).toEqual(expect.any(String));
    },

    "reconnect()": async (cell) => {
        const { version, visit, place, acme } = cell;
        await acme.script({ auto_approve: true });
        const integration = await place.rest.createAcme(acme);
        await visit.begin();
        const first = await visit.ask(await authOrder(cell, integration));
        expect(first).toEqual(success(version, integration));
        const { connectionId } = first.result;
        const before = await place.rest.connection(integration, connectionId);

        const { data } = await place.rest.must("POST", "/connect/sessions/reconnect", {
            integration_id: integration,
            connection_id: connectionId,
        });
        await visit.begin();
        const settings = { host: place.url, connectSessionToken: data.token };
        const again = await visit.ask({ settings, method: "reconnect", args: [integration] });

        expect(again).toEqual(success(version, integration, connectionId));
        const after = await place.rest.connection(integration, connectionId);
        expect(after.credentials.access_token).not.toBe(before.credentials.access_token);
        expect(await place.rest.connections(integration)).toHaveLength(1);
    },

    "credentials: API key": async (cell) => {
        const { version, visit, place, acme } = cell;
        const integration = await place.rest.createAcme(acme, "acme-api-key");
        // 0.24.13 takes credentials for such only when there are two or more of them.
        const credentials = { apiKey: DEMO.apiKey, ...(version === "0.24.13" ? { type: "API_KEY" } : {}) };
        await visit.begin();

        const outcome = await visit.ask(await authOrder(cell, integration, { credentials }));

        const [connection] = await place.rest.connections(integration);
        expect(outcome).toEqual(resolvedWith(version, integration, connection.connection_id));
        const stored = await place.rest.connection(integration, connection.connection_id);
        expect(stored.credentials).toEqual({ type: "API_KEY", apiKey: DEMO.apiKey });

        const settings = { host: place.url, publicKey: place.dev.public_key };
        const connectionId = uniqueKey("customer");
        const old = await visit.ask({ settings, method: "auth", args: [integration, connectionId, { credentials }] });
        expect(old).toEqual(resolvedWith(version, integration, connectionId));
    },

    "credentials: user name and password": async (cell) => {
        const { version, visit, place, acme } = cell;
        const integration = await place.rest.createAcme(acme, "acme-basic");
        const credentials = { username: DEMO.user, password: DEMO.password };
        await visit.begin();

        const outcome = await visit.ask(await authOrder(cell, integration, { credentials }));

        const [connection] = await place.rest.connections(integration);
        expect(outcome).toEqual(resolvedWith(version, integration, connection.connection_id));
        const stored = await place.rest.connection(integration, connection.connection_id);
        expect(stored.credentials).toEqual({ type: "BASIC", ...credentials });
    },

    "credentials refused": async (cell) => {
        const { version, visit, place, acme } = cell;
        const [key, basic] = [await place.rest.createAcme(acme, "acme-api-key"), await place.rest.createAcme(acme, "acme-basic")];
        await visit.begin();

        const wrongKey = await authOrder(cell, key, { credentials: { apiKey: "acme_test_refused" } });
        expect(await visit.ask(wrongKey)).toMatchObject(refused(version, "connection_test_failed"));
        const wrongPassword = await authOrder(cell, basic, { credentials: { username: DEMO.user, password: "wrong" } });
        expect(await visit.ask(wrongPassword)).toMatchObject(refused(version, "connection_test_failed"));

        expect(await place.rest.connections(`${key},${basic}`)).toEqual([]);
    },

    "create() without credentials": async (cell) => {
        const { version, visit, place, acme } = cell;
        const integration = await place.rest.createAcme(acme, "acme-api-key", {
            provider: "acme-open",
            integration_config: undefined,
        });
        const { token } = await place.rest.openSession(integration);
        await visit.begin();

        const args = without(version, integration);
        const outcome = await visit.ask({ settings: tokenSettings(cell, token), method: "create", args });

        const [connection] = await place.rest.connections(integration);
        expect(outcome).toEqual(resolvedWith(version, integration, connection.connection_id));

        const settings = { host: place.url, publicKey: place.dev.public_key };
        const connectionId = uniqueKey("customer");
        const old = await visit.ask({ settings, method: "create", args: [integration, connectionId] });
        expect(old).toEqual(resolvedWith(version, integration, connectionId));
    },

    "modes that are not built": async (cell) => {
        const { version, visit, page, place, acme } = cell;
        const integration = await place.rest.createAcme(acme, "acme-api-key");
        const posted: string[] = [];
        page.on("request", (request) => {
            if (request.method() === "POST") posted.push(new URL(request.url()).pathname);
        });
        await visit.begin();

        const known = UNBUILT.filter(({ first, end }) => since(version, first) && !(end !== undefined && since(version, end)));
        for (const { credentials, options } of known) {
            const outcome = await visit.ask(await authOrder(cell, integration, { credentials, ...options }));
            expect(outcome, `${posted.at(-1)}`).toMatchObject(refused(version, "invalid_auth_mode"));
        }

        expect(posted).toEqual(known.map(({ route }) => `${route}${integration}`));
    },

    "Connect UI: opened and closed": async (cell) => {
        const { version, visit, page, place, acme } = cell;
        const integration = await place.rest.createAcme(acme, "acme-api-key");
        for (const baseURL of baseUrls(cell)) {
            if (since(version, "0.42.15")) {
                await openConnectUi(cell, baseURL, integration);
            } else {
                const settings = { host: place.url, publicKey: place.dev.public_key };
                await visit.begin();
                await visit.press({ settings, method: "openConnectUI", args: [{ baseURL }] });
            }
            await pressLast(page, connectUi(page).getByRole("button", { name: "Close" }));
            expect((await visit.events()).map(({ type }) => type)).toEqual(["ready", "close"]);
        }
    },

    "Connect UI: language and theme": async (cell) => {
        const integration = await cell.place.rest.createAcme(cell.acme, "acme-api-key");
        for (const baseURL of baseUrls(cell)) {
            await openConnectUi(cell, baseURL, integration, { lang: "de", themeOverride: "dark" });
            const ui = connectUi(cell.page).locator("html");
            await expect(ui).toHaveAttribute("lang", "de");
            await expect(ui).toHaveAttribute("data-theme", "dark");
        }
    },

    "Connect UI: API key": async (cell) => {
        for (const baseURL of baseUrls(cell)) {
            const integration = await cell.place.rest.createAcme(cell.acme, "acme-api-key");
            await openConnectUi(cell, baseURL, integration);
            const ui = connectUi(cell.page);
            await ui.getByLabel("Acme API key").fill(DEMO.apiKey);
            await ui.getByRole("button", { name: "Connect" }).click();
            await finishConnectUi(cell, integration);
        }
    },

    "Connect UI: OAuth": async (cell) => {
        for (const baseURL of baseUrls(cell)) {
            const integration = await cell.place.rest.createAcme(cell.acme);
            await openConnectUi(cell, baseURL, integration);
            const opened = cell.page.context().waitForEvent("page");
            await connectUi(cell.page).getByRole("button", { name: /Connect|Continue/ }).click();
            await allow(await opened);
            await finishConnectUi(cell, integration);
        }
    },
};

/** What a successful POST resolves with; 0.24.13 does not read the answer. */
function resolvedWith(version: string, integration: string, connectionId: string): Outcome {
    return { result: version === "0.24.13" ? null : { providerConfigKey: integration, connectionId } };
}

for (const generation of chosen("frontend")) {
    const { name, version } = generation;
    test.describe(`${name} ${version}`, () => {
        for (const capability of frontendCapabilities) {
            if (capability.absent(version) !== null) continue;
            const annotation = { type: CELL, description: cellOf("frontend", generation, capability.name) };
            test(capability.name, { annotation }, async ({ page, watch, place, acme, sites }) => {
                watch.expectCustomer(sites.origin);
                const visit = new Visit(page, sites.origin, version);
                await passes[capability.name]({ version, visit, page, watch, place, acme });
            });
        }
    });
}
