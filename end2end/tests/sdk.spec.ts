// The published browser SDK, unmodified, in a page of another origin.
import { DEMO } from "../support/acme.ts";
import { dev, url } from "../support/instance.ts";
import { uniqueKey } from "../support/rest.ts";
import { expect, test } from "../support/test.ts";

test("auth() goes through the provider's consent page and resolves with the connection", async ({ acme, rest, customer }) => {
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);

    const popup = await customer.pressForPopup({ host: url, connectSessionToken: token }, integration);
    await expect(popup.getByRole("heading", { level: 1 })).toContainText("use your Acme account?");
    const closed = popup.waitForEvent("close");
    await popup.getByRole("button", { name: "Allow" }).click();

    const { result } = await customer.outcome();
    expect(result).toEqual({ providerConfigKey: integration, connectionId: expect.any(String), isPending: false });
    await closed;
    const connection = await rest.connection(integration, result!.connectionId);
    expect(connection).toMatchObject({
        provider: "acme",
        provider_config_key: integration,
        credentials: { type: "OAUTH2", access_token: expect.any(String), raw: expect.any(Object) },
        end_user: { email: "ada@example.com", display_name: "Ada Lovelace" },
    });
});

test("auth() resolves when the provider asks nothing and sends the popup straight back", async ({ acme, rest, customer }) => {
    await acme.script({ auto_approve: true });
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);

    const popup = await customer.pressForPopup({ host: url, connectSessionToken: token }, integration);
    const closed = popup.isClosed() ? Promise.resolve() : popup.waitForEvent("close");

    expect((await customer.outcome()).result).toMatchObject({ providerConfigKey: integration, isPending: false });
    await closed;
    expect((await acme.counters()).exchanges).toBe(1);
});

test("a session token connects several times while it lives", async ({ acme, rest, customer }) => {
    await acme.script({ auto_approve: true });
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);

    for (const _ of [1, 2]) {
        await customer.page.reload();
        await customer.pressForPopup({ host: url, connectSessionToken: token }, integration);
        expect((await customer.outcome()).result).toBeDefined();
    }
    expect(await rest.connections(integration)).toHaveLength(2);
});

test("auth() rejects with the code of a user's refusal, and the popup stays open to explain", async ({ acme, rest, customer }) => {
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);

    const popup = await customer.pressForPopup({ host: url, connectSessionToken: token }, integration);
    await popup.getByRole("button", { name: "Deny" }).click();

    const { error } = await customer.outcome();
    expect(error).toMatchObject({ isAuthError: true, type: "callback_err" });
    expect(error!.message).toContain("access_denied");
    expect(await rest.connections(integration)).toEqual([]);
});

test("what a provider says is shown as text on the popup's page", async ({ acme, rest, page }) => {
    const marked = "<img src=x onerror=\"document.title='taken'\"><b>no</b>";
    await acme.script({ deny: { error: "access_denied", description: marked } });
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);

    await page.goto(`${url}/oauth/connect/${integration}?connect_session_token=${token}`);

    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Not connected");
    await page.getByText("Details", { exact: true }).click();
    await expect(page.getByText(marked).last()).toBeVisible();
    await expect(page).toHaveTitle("Not connected");
});

test("auth() rejects with the code of a token endpoint that answers nonsense", async ({ acme, rest, customer }) => {
    await acme.script({ auto_approve: true, token: { kind: "html", status: 500 } });
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);

    await customer.pressForPopup({ host: url, connectSessionToken: token }, integration);

    expect((await customer.outcome()).error).toMatchObject({ isAuthError: true, type: "unknown_err" });
    expect(await rest.connections(integration)).toEqual([]);
});

test("auth() rejects when its popup is closed and it was told to look", async ({ acme, rest, customer }) => {
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);

    const settings = { host: url, connectSessionToken: token };
    const popup = await customer.pressForPopup(settings, integration, { detectClosedAuthWindow: true });
    await expect(popup.getByRole("button", { name: "Allow" })).toBeVisible();
    await popup.close();

    expect((await customer.outcome()).error).toMatchObject({ isAuthError: true, type: "window_closed" });
    expect(await rest.connections(integration)).toEqual([]);
});

test("a provider whose page cuts the popup off from its opener still gives the result", async ({ acme, rest, customer }) => {
    await acme.script({ coop: "same-origin" });
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);

    const popup = await customer.pressForPopup({ host: url, connectSessionToken: token }, integration);
    await popup.getByRole("button", { name: "Allow" }).click();

    expect((await customer.outcome()).result).toMatchObject({ providerConfigKey: integration });
    expect(await rest.connections(integration)).toHaveLength(1);
});

test("auth() rejects at once when the session token is not good", async ({ acme, rest, customer }) => {
    const integration = await rest.createAcme(acme);
    const connectSessionToken = `nango_connect_session_${"0".repeat(64)}`;

    await customer.pressForPopup({ host: url, connectSessionToken }, integration);

    expect((await customer.outcome()).error).toMatchObject({ isAuthError: true, type: "unknown_connect_session_token" });
});

test("a page of old connects with the public key and a connection id of its own", async ({ acme, rest, customer }) => {
    await acme.script({ auto_approve: true });
    const integration = await rest.createAcme(acme);
    const connectionId = uniqueKey("customer");

    await customer.pressForPopup({ host: url, publicKey: dev.public_key }, integration, connectionId);

    expect((await customer.outcome()).result).toMatchObject({ providerConfigKey: integration, connectionId });
});

test("auth() with an API key resolves without a window", async ({ acme, rest, customer }) => {
    const integration = await rest.createAcme(acme, "acme-api-key");
    const { token } = await rest.openSession(integration);

    const credentials = { apiKey: DEMO.apiKey };
    await customer.press({ host: url, connectSessionToken: token }, integration, { credentials });

    const { result } = await customer.outcome();
    expect(result).toEqual({ providerConfigKey: integration, connectionId: expect.any(String) });
    const connection = await rest.connection(integration, result!.connectionId);
    expect(connection.credentials).toEqual({ type: "API_KEY", apiKey: DEMO.apiKey });
});

test("auth() with an API key that the provider refuses rejects, and nothing is stored", async ({ acme, rest, customer }) => {
    const integration = await rest.createAcme(acme, "acme-api-key");
    const { token } = await rest.openSession(integration);

    const credentials = { apiKey: "acme_test_refused" };
    await customer.press({ host: url, connectSessionToken: token }, integration, { credentials });

    expect((await customer.outcome()).error).toMatchObject({ isAuthError: true, type: "connection_test_failed" });
    expect(await rest.connections(integration)).toEqual([]);
});

test("auth() with a user name and a password resolves without a window", async ({ acme, rest, customer }) => {
    const integration = await rest.createAcme(acme, "acme-basic");
    const { token } = await rest.openSession(integration);

    const credentials = { username: DEMO.user, password: DEMO.password };
    await customer.press({ host: url, connectSessionToken: token }, integration, { credentials });

    const { result } = await customer.outcome();
    const connection = await rest.connection(integration, result!.connectionId);
    expect(connection.credentials).toEqual({ type: "BASIC", username: DEMO.user, password: DEMO.password });
});

test("auth() with a wrong password rejects, and nothing is stored", async ({ acme, rest, customer }) => {
    const integration = await rest.createAcme(acme, "acme-basic");
    const { token } = await rest.openSession(integration);

    const credentials = { username: DEMO.user, password: "wrong" };
    await customer.press({ host: url, connectSessionToken: token }, integration, { credentials });

    const { error } = await customer.outcome();
    expect(error).toMatchObject({ isAuthError: true, type: "connection_test_failed" });
    expect(error!.message).not.toBe("");
    expect(await rest.connections(integration)).toEqual([]);
});
