// A connection whose credentials broke is connected again from its page, which then moves on by itself.
import { authorize } from "../support/authorize.ts";
import { url } from "../support/instance.ts";
import { expect, test } from "../support/test.ts";

test("a broken connection is connected again and keeps what belongs to it", async ({ page, context, acme, rest, signedIn: _ }) => {
    await acme.script({ auto_approve: true });
    const integration = await rest.createAcme(acme);
    const connection = await authorize(rest, integration, { end_user: { id: "user-7", display_name: "Grace Hopper" } });
    await rest.must("POST", "/connections/metadata", {
        connection_id: connection,
        provider_config_key: integration,
        metadata: { region: "eu" },
    });
    await acme.script({ refresh_once: [{ kind: "invalid_grant" }] });
    await rest.call("GET", `/connections/${connection}?provider_config_key=${integration}&force_refresh=true`);

    await page.goto(`${url}/app/dev/connections?integration=${integration}`);
    await page.getByRole("link", { name: "Grace Hopper" }).click();
    const address = page.url();
    await expect(page.getByRole("alert")).toContainText("The credentials no longer work");
    await page.getByRole("link", { name: "What happened, and what to do" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Token refresh");
    await page.goBack();

    await page.getByRole("button", { name: "Connect again" }).click();
    const tab = context.waitForEvent("page");
    await page.getByRole("link", { name: "Open Connect" }).click();
    const connectPage = await tab;
    await connectPage.getByRole("button", { name: /Continue|Connect/ }).first().click();

    await expect(page, "the waiting page moves on by itself").toHaveURL(address, { timeout: 15_000 });
    await expect(page.getByText("Healthy")).toBeVisible();
    const connections = await rest.connections(integration);
    expect(connections.map(({ connection_id }) => connection_id)).toEqual([connection]);
    expect((await rest.connection(integration, connection)).metadata).toEqual({ region: "eu" });
});

test("the waiting page says that a try failed, and moves on when the next one works", async ({ page, context, acme, rest, signedIn: _ }) => {
    const integration = await rest.createAcme(acme);
    await acme.script({ auto_approve: true, deny: { error: "access_denied", description: "The user said no" } });
    await page.goto(`${url}/app/dev/connections/new?integration=${integration}`);
    await page.getByRole("button", { name: "Continue" }).click();
    await expect(page.getByText("Waiting for the connection.")).toBeVisible();
    const tab = context.waitForEvent("page");
    await page.getByRole("link", { name: "Open Connect" }).click();
    const connectPage = await tab;
    await connectPage.getByRole("button", { name: /Continue|Connect/ }).first().click();
    await expect(page.getByText("The last try failed")).toBeVisible({ timeout: 15_000 });
    await expect(page.getByText("Waiting for the connection.")).toBeVisible();
    await expect(page.getByRole("link", { name: "Open it in the Logs" })).toHaveAttribute("href", /\/logs\/opn_/);

    await acme.script({ auto_approve: true, deny: null });
    await connectPage.getByRole("link", { name: "Try again" }).click();
    await connectPage.getByRole("button", { name: /Continue|Connect/ }).first().click();
    await expect(page).toHaveURL(/\/connections\/con_/, { timeout: 15_000 });
});

test("the waiting page says that it has stopped, and looks again when it is asked to", async ({ page, context, acme, rest, ownerSession, signedIn: _, watch }) => {
    const integration = await rest.createAcme(acme);
    await page.goto(`${url}/app/dev/connections/new?integration=${integration}`);
    await page.getByRole("button", { name: "Continue" }).click();
    await expect(page.getByText("Waiting for the connection.")).toBeVisible();

    watch.pardon(/await-connection/);
    await context.clearCookies();
    await expect(page.getByText("This page has stopped waiting.")).toBeVisible({ timeout: 15_000 });
    await expect(page.getByText("Waiting for the connection.")).toBeHidden();

    await context.addCookies([{ ...ownerSession, url }]);
    await page.getByRole("link", { name: "I have connected" }).click();
    await expect(page.getByText("No new connection has arrived.")).toBeVisible();
    await expect(page.getByText("Waiting for the connection.")).toBeVisible();
    await expect(page.getByText("This page has stopped waiting.")).toBeHidden();
});

test("a connection that nobody has named is deleted without typing anything", async ({ page, acme, rest, signedIn: _ }) => {
    const integration = await rest.createAcme(acme, "acme-api-key");
    await rest.must("POST", "/connect/sessions", { allowed_integrations: [integration], tags: { plan: "gold" } }).then(
        async ({ data }) => {
            const query = new URLSearchParams({ connect_session_token: data.token });
            await rest.must("POST", `/api-auth/api-key/${integration}?${query}`, { apiKey: "acme_live_demo" });
        },
    );
    await page.goto(`${url}/app/dev/connections?integration=${integration}`);
    await page.getByRole("link", { name: "No end user" }).click();
    await page.getByRole("main").getByRole("link", { name: "Delete" }).click();
    await expect(page.getByRole("textbox")).toHaveCount(0);
    await page.getByRole("button", { name: "Delete" }).click();
    await expect(page).toHaveURL(`${url}/app/dev/connections`);
    expect(await rest.connections(integration)).toEqual([]);
});
