// Our own browser module, /sdk/terapi.js, in a page of another origin.
import type { Page } from "@playwright/test";
import { brotliCompressSync } from "node:zlib";

import { environmentOf, owner } from "../support/account.ts";
import { DEMO } from "../support/acme.ts";
import { dev, url } from "../support/instance.ts";
import { ModulePage, ModuleSite } from "../support/module-site.ts";
import { Rest, uniqueKey } from "../support/rest.ts";
import { Terapi } from "../support/terapi.ts";
import { expect, test as base } from "../support/test.ts";

/** An instance of a test's own, which it may crash, and a page of another origin that uses its module. */
interface Own {
    terapi: Terapi;
    rest: Rest;
    visit: ModulePage;
}

const test = base.extend<{ site: ModuleSite; visit: ModulePage; own: Own }>({
    site: async ({ watch }, use) => {
        const site = await ModuleSite.open(url);
        watch.expectCustomer(site.origin);
        await use(site);
        await site.close();
    },
    visit: async ({ page, site }, use) => {
        await page.goto(site.origin);
        await use(new ModulePage(page));
    },
    own: async ({ page, watch }, use) => {
        // The page's own connection breaks at a crash, and says so.
        watch.pardon(/ERR_/);
        const terapi = await Terapi.prepare();
        const account = terapi.bootstrap(owner);
        let site: ModuleSite | null = null;
        try {
            await terapi.start();
            site = await ModuleSite.open(terapi.url);
            watch.expectCustomer(site.origin);
            await page.goto(site.origin);
            const rest = new Rest(terapi.url, environmentOf(account, "dev").secret_key);
            await use({ terapi, rest, visit: new ModulePage(page) });
        } finally {
            await site?.close();
            await terapi.end();
        }
    },
});

const closed = (popup: Page) => (popup.isClosed() ? Promise.resolve() : popup.waitForEvent("close"));

test("the module is small and is served to every site", async () => {
    const answer = await fetch(`${url}/sdk/terapi.js`);
    expect(answer.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    const { length } = brotliCompressSync(Buffer.from(await answer.arrayBuffer()));
    expect(length, "bytes, compressed").toBeLessThan(4000);
    expect((await fetch(`${url}/sdk/terapi.d.ts`)).status).toBe(200);
});

test("auth() goes through the provider's consent page and resolves with the connection", async ({ acme, rest, visit }) => {
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);

    const popup = await visit.pressForPopup({ construct: [{ connectSessionToken: token }], args: [integration] });
    const addresses: string[] = [];
    popup.on("framenavigated", (frame) => addresses.push(frame.url()));
    await popup.getByRole("button", { name: "Allow" }).click();

    const { result } = await visit.outcome();
    expect(result).toEqual({ providerConfigKey: integration, connectionId: expect.any(String), isPending: false });
    await closed(popup);
    expect(addresses.filter((address) => address.includes(token)), "the token is in no address").toEqual([]);
    expect((await rest.connection(integration, result!.connectionId!)).end_user.email).toBe("ada@example.com");
});

test("auth() rejects with the code of a user's refusal and what finds it in the log", async ({ acme, rest, visit }) => {
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);

    const popup = await visit.pressForPopup({ construct: [{ connectSessionToken: token }], args: [integration] });
    await popup.getByRole("button", { name: "Deny" }).click();

    const { error } = await visit.outcome();
    expect(error).toMatchObject({ isAuthError: true, type: "callback_err", logId: expect.stringMatching(/^opn_/) });
    expect(error!.message).toContain("access_denied");
    await closed(popup);
});

test("auth() rejects when the session is not good, and no empty popup stays", async ({ acme, rest, visit }) => {
    const integration = await rest.createAcme(acme);
    const connectSessionToken = `nango_connect_session_${"0".repeat(64)}`;

    const popup = await visit.pressForPopup({ construct: [{ connectSessionToken }], args: [integration] });

    expect((await visit.outcome()).error).toMatchObject({ isAuthError: true, type: "unknown_connect_session_token" });
    await closed(popup);
});

test("a provider whose page cuts the popup off from its opener still gives the result", async ({ acme, rest, visit }) => {
    await acme.script({ coop: "same-origin" });
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);

    const popup = await visit.pressForPopup({ construct: [{ connectSessionToken: token }], args: [integration] });
    await popup.getByRole("button", { name: "Allow" }).click();

    expect((await visit.outcome()).result).toMatchObject({ providerConfigKey: integration });
    await closed(popup);
});

test("auth() rejects when the browser blocks the popup", async ({ acme, rest, site, page, watch }) => {
    watch.pardon(/Blocked opening/);
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);
    await page.goto(`${site.origin}/boxed`);
    const visit = new ModulePage(page, page.frameLocator("iframe"));

    await visit.press({ construct: [{ connectSessionToken: token }], args: [integration] });

    expect((await visit.outcome()).error).toMatchObject({ isAuthError: true, type: "blocked_by_browser" });
});

test("auth() rejects when its popup is closed at any step and it was told to look", async ({ acme, rest, visit }) => {
    const integration = await rest.createAcme(acme);
    const order = async () => {
        const { token } = await rest.openSession(integration);
        return { construct: [{ connectSessionToken: token }], args: [integration, { detectClosedAuthWindow: true }] };
    };
    const rejects = async () => expect((await visit.outcome()).error).toMatchObject({ type: "window_closed" });

    // Before it has gone anywhere.
    await (await visit.pressForPopup(await order())).close();
    await rejects();
    // On the provider's page.
    await visit.page.reload();
    const popup = await visit.pressForPopup(await order());
    await expect(popup.getByRole("button", { name: "Allow" })).toBeVisible();
    await popup.close();
    await rejects();
    // While the code is exchanged: the page is told so, and the connection is made all the same.
    await visit.page.reload();
    await acme.script({ token: { kind: "hold" } });
    const late = await visit.pressForPopup(await order());
    // Not a click, which would wait for the page that comes after.
    await late.getByRole("button", { name: "Allow" }).dispatchEvent("click");
    await expect.poll(async () => (await acme.counters()).exchanges).toBe(1);
    await late.close();
    await rejects();
    await acme.release();
    await expect.poll(async () => (await rest.connections(integration)).length).toBe(1);
});

test("auth() is given up by a signal or by clear(), and its popup goes with it", async ({ acme, rest, visit }) => {
    const integration = await rest.createAcme(acme);
    for (const button of ["Give up", "Clear"] as const) {
        const { token } = await rest.openSession(integration);
        await visit.page.reload();
        const popup = await visit.pressForPopup({ construct: [{ connectSessionToken: token }], args: [integration, {}] });
        await expect(popup.getByRole("button", { name: "Allow" })).toBeVisible();
        await visit.giveUp(button);
        expect((await visit.outcome()).error).toMatchObject({ isAuthError: true, type: "aborted" });
        await closed(popup);
    }
});

test("a double click authorizes once: the second popup replaces the first", async ({ acme, rest, visit }) => {
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);
    const order = { construct: [{ connectSessionToken: token }], args: [integration] };

    const first = await visit.pressForPopup(order);
    const second = await visit.pressForPopup(order);
    await closed(first);
    await second.getByRole("button", { name: "Allow" }).click();

    await expect.poll(() => visit.events()).toEqual([
        { error: expect.objectContaining({ type: "aborted" }) },
        { result: expect.objectContaining({ providerConfigKey: integration }) },
    ]);
    expect(await rest.connections(integration)).toHaveLength(1);
});

test("what runs goes on when a second popup is blocked", async ({ acme, rest, visit }) => {
    await acme.script({ auto_approve: false });
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);
    const order = { construct: [{ connectSessionToken: token }], args: [integration] };
    const popup = await visit.pressForPopup(order);
    await visit.page.evaluate(() => void (window.open = () => null));
    await visit.press(order);
    expect((await visit.outcome()).error!.type).toBe("blocked_by_browser");

    await popup.getByRole("button", { name: "Allow" }).click();
    await expect(async () => {
        expect((await visit.events()).at(-1)).toMatchObject({ result: { providerConfigKey: integration } });
    }).toPass();
});

test("typed credentials need no window", async ({ acme, rest, visit }) => {
    for (const [provider, credentials] of [
        ["acme-api-key", { apiKey: DEMO.apiKey }],
        ["acme-basic", { username: DEMO.user, password: DEMO.password, type: "BASIC" }],
    ] as const) {
        const integration = await rest.createAcme(acme, provider);
        const { token } = await rest.openSession(integration);
        await visit.page.reload();
        await visit.press({ construct: [{ connectSessionToken: token }], args: [integration, { credentials }] });
        expect((await visit.outcome()).result).toEqual({ providerConfigKey: integration, connectionId: expect.any(String) });
    }
    const integration = await rest.createAcme(acme, "acme-api-key");
    const { token } = await rest.openSession(integration);
    const construct = [{ connectSessionToken: token }];
    const { apiKey } = DEMO;
    // Who has no connection id says so in many ways; what stands on either side of it counts.
    for (const args of [[null, { credentials: { apiKey } }], [{ detectClosedAuthWindow: true }, { credentials: { apiKey } }]]) {
        await visit.page.reload();
        await visit.press({ construct, args: [integration, ...args] });
        expect((await visit.outcome()).result).toMatchObject({ providerConfigKey: integration });
    }
    await visit.page.reload();
    await visit.press({ construct, args: [integration, { credentials: { apiKey: "acme_test_no" } }] });
    expect((await visit.outcome()).error).toMatchObject({ isAuthError: true, type: "connection_test_failed" });
});

test("typed credentials are given up by a signal or by clear()", async ({ visit, watch }) => {
    watch.pardon(/ERR_ABORTED/);
    await visit.page.route(/\/(api-auth|auth)\//, () => {});
    const orders = [
        { args: ["keyed", { credentials: { apiKey: DEMO.apiKey } }] },
        { method: "create", args: ["open", {}] },
    ] as const;
    for (const order of orders) {
        for (const button of ["Give up", "Clear"] as const) {
            await visit.page.reload();
            const asked = visit.page.waitForRequest(/\/(api-auth|auth)\//);
            await visit.press({ construct: [{ connectSessionToken: "x" }], ...order, args: [...order.args] });
            await asked;
            await visit.giveUp(button);
            expect((await visit.outcome()).error).toMatchObject({ isAuthError: true, type: "aborted" });
        }
    }
});

test("a server that cannot be reached, or that is none, rejects with a type too", async ({ visit, watch }) => {
    watch.pardon(/ERR_FAILED|Failed to load resource/);
    const typed = { credentials: { apiKey: DEMO.apiKey } };
    const press = async (method: "auth" | "connect", options: object) => {
        await visit.page.reload();
        const args = method === "auth" ? ["keyed", options] : ["keyed", "ada", options];
        await visit.press({ construct: [{ connectSessionToken: "x" }], method, args });
        return (await visit.outcome()).error;
    };
    await visit.page.route(/\/(api-auth|oauth)\//, (route) => route.abort());
    expect(await press("auth", typed)).toMatchObject({ isAuthError: true, type: "unknown_error" });
    expect(await press("auth", {})).toMatchObject({ isAuthError: true, type: "unknown_error" });
    expect(await press("connect", typed)).toMatchObject({ error: { type: "unknown_error" }, userId: "ada" });
    await visit.page.unroute(/\/(api-auth|oauth)\//);
    const headers = { "access-control-allow-origin": "*" };
    await visit.page.route(/\/api-auth\//, (route) => route.fulfill({ status: 200, headers, body: "<h1>A proxy" }));
    expect(await press("auth", typed)).toMatchObject({ isAuthError: true, type: "unknown_error" });
});

test("credentials of no known kind reject, and a call without any throws", async ({ visit }) => {
    const told = await visit.page.evaluate(async (host) => {
        const { default: Terapi, AuthError } = await import(`${host}/sdk/terapi.js`);
        const terapi = new Terapi({ connectSessionToken: "x" });
        const type = (error: unknown) => (error instanceof AuthError ? (error as { type?: string }).type : "none");
        const rejected: unknown[] = [];
        for (const credentials of [{ foo: 1 }, { oauth_client_id_override: "theirs" }, { oauth_client_secret_override: "theirs" }]) {
            await terapi.auth("x", { credentials }).catch((error: unknown) => rejected.push(type(error)));
        }
        try {
            terapi.auth("x", { installation: "outbound" });
            return { rejected };
        } catch (error) {
            return { rejected, thrown: type(error) };
        }
    }, url);
    const missing = "missing_credentials";
    expect(told).toEqual({ rejected: [missing, missing, missing], thrown: missing });
});

test("create() connects what asks for nothing", async ({ acme, rest, visit }) => {
    const unique_key = uniqueKey("open");
    await rest.must("POST", "/integrations", {
        provider: "generic-none",
        unique_key,
        integration_config: { base_url: acme.url },
    });
    const { token } = await rest.openSession(unique_key);
    await visit.press({ construct: [{ connectSessionToken: token }], method: "create", args: [unique_key] });
    expect((await visit.outcome()).result).toEqual({ providerConfigKey: unique_key, connectionId: expect.any(String) });
});

test("reconnect() renews the connection of its session", async ({ acme, rest, visit }) => {
    await acme.script({ auto_approve: true });
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);
    await visit.pressForPopup({ construct: [{ connectSessionToken: token }], args: [integration] });
    const { connectionId } = (await visit.outcome()).result!;
    const { data } = await rest.must("POST", "/connect/sessions/reconnect", {
        connection_id: connectionId,
        integration_id: integration,
    });

    await visit.page.reload();
    await visit.pressForPopup({ construct: [{ connectSessionToken: data.token }], method: "reconnect", args: [integration] });

    expect((await visit.outcome()).result!.connectionId).toBe(connectionId);
    expect(await rest.connections(integration)).toHaveLength(1);
    await visit.page.reload();
    await visit.press({ construct: [{ publicKey: dev.public_key }], method: "reconnect", args: [integration] });
    expect((await visit.outcome()).error!.type).toBe("missing_connect_session_token");
});

test("connect() speaks as the oldest documents do, with host and public key", async ({ acme, rest, visit }) => {
    await acme.script({ auto_approve: true });
    const integration = await rest.createAcme(acme);
    const userId = uniqueKey("user");
    const construct = [`${url}/`, dev.public_key];

    await visit.pressForPopup({ construct, method: "connect", args: [integration, userId] });
    expect((await visit.outcome()).result).toEqual({
        integrationName: integration,
        userId,
        providerConfigKey: integration,
        connectionId: userId,
        isPending: false,
    });

    await visit.page.reload();
    await visit.pressForPopup({ construct, method: "connect", args: [integration, userId] });
    const { error } = await visit.outcome();
    expect(error).toMatchObject({ integrationName: integration, userId, error: { type: "connection_exists" } });
    expect(error!.error!.message).not.toBe("");
});

test("without any key auth() throws at once", async ({ visit }) => {
    await visit.press({ construct: [], args: ["x"] });
    expect((await visit.outcome()).error).toMatchObject({ isAuthError: true, type: "missing_auth_token" });
    await visit.page.reload();
    await visit.press({ construct: [{ host: "no host" }], args: ["x"] });
    expect((await visit.outcome()).error).toMatchObject({ isAuthError: true, type: "invalid_host_url" });
});

test("a result survives a restart of the server while the user is at the provider", async ({ acme, own: { terapi, rest, visit } }) => {
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);
    const popup = await visit.pressForPopup({ construct: [{ connectSessionToken: token }], args: [integration] });
    await expect(popup.getByRole("button", { name: "Allow" })).toBeVisible();

    await terapi.crash();
    await popup.getByRole("button", { name: "Allow" }).click();

    expect((await visit.outcome()).result).toMatchObject({ providerConfigKey: integration });
});

test("a session that is deleted while the user is at the provider lets what has begun end well", async ({ acme, rest, visit }) => {
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);
    const waiting = visit.page.waitForResponse(/\/connect\/ui\/result/);
    const popup = await visit.pressForPopup({ construct: [{ connectSessionToken: token }], args: [integration] });
    await expect(popup.getByRole("button", { name: "Allow" })).toBeVisible();
    expect((await waiting).status()).toBe(200);

    await new Rest(url, token).must("DELETE", "/connect/session");
    await popup.getByRole("button", { name: "Allow" }).click();

    const { result } = await visit.outcome();
    expect(result).toMatchObject({ providerConfigKey: integration });
    expect((await rest.connections(integration)).map(({ connection_id }) => connection_id)).toEqual([result!.connectionId]);
    await closed(popup);
});

test("a session that is deleted while the user is at the provider rejects when the page has to ask again, and says which", async ({
    acme,
    own: { terapi, rest, visit },
}) => {
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);
    const waiting = visit.page.waitForResponse(/\/connect\/ui\/result/);
    const popup = await visit.pressForPopup({ construct: [{ connectSessionToken: token }], args: [integration] });
    await expect(popup.getByRole("button", { name: "Allow" })).toBeVisible();
    expect((await waiting).status()).toBe(200);

    await new Rest(terapi.url, token).must("DELETE", "/connect/session");
    await terapi.crash();

    expect((await visit.outcome()).error).toMatchObject({ isAuthError: true, type: "unknown_connect_session_token" });
    await closed(popup);
});

test("openConnectUI() frames the ready-made page, which authorizes from another origin", async ({ acme, rest, visit }) => {
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);
    await visit.press({ construct: [{ connectSessionToken: token }], method: "openConnectUI", args: [{ lang: "en" }] });
    await expect.poll(() => visit.events()).toContainEqual({ type: "ready" });
    const ui = visit.page.frameLocator("#connect-ui");

    const opened = visit.page.waitForEvent("popup");
    await ui.getByRole("button", { name: /Connect|Continue/ }).first().click();
    await (await opened).getByRole("button", { name: "Allow" }).click();

    await expect
        .poll(() => visit.events(), { timeout: 15_000 })
        .toContainEqual({ type: "connect", payload: expect.objectContaining({ providerConfigKey: integration }) });
    expect(await rest.connections(integration)).toHaveLength(1);

    // Whoever opened it by keyboard goes on where they were.
    await ui.getByRole("button", { name: "Finish" }).click();
    await expect(visit.page.locator("#connect-ui")).toHaveCount(0);
    await expect(visit.page.getByRole("button", { name: "Do it" })).toBeFocused();
});

test("a frame that is closed while the focus is elsewhere leaves it there", async ({ acme, rest, visit }) => {
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);
    await visit.press({ construct: [{ connectSessionToken: token }], method: "openConnectUI", args: [{ lang: "en" }] });
    await expect(visit.page.frameLocator("#connect-ui").getByRole("heading", { level: 1 })).toHaveText("Connect Acme");
    const elsewhere = visit.page.getByLabel("Order");
    await elsewhere.focus();
    const frame = visit.page.frames().find((frame) => frame !== visit.page.mainFrame())!;
    await frame.evaluate(() => parent.postMessage({ type: "close" }, "*"));
    await expect(visit.page.locator("#connect-ui")).toHaveCount(0);
    expect(await elsewhere.evaluate((element) => element === document.activeElement)).toBe(true);
});
