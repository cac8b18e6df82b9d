// People and pages that do not keep to the way: each ends as it was meant to.
import type { Page } from "@playwright/test";

import { DEMO } from "../support/acme.ts";
import { url } from "../support/instance.ts";
import { Rest } from "../support/rest.ts";
import { expect, test } from "../support/test.ts";

test("the back button after success leads to the same success, and to no second connection", async ({ acme, rest, page }) => {
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);
    await page.goto(`${url}/oauth/connect/${integration}?connect_session_token=${token}`);
    await page.getByRole("button", { name: "Allow" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Connected");

    await page.reload();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Connected");
    await page.goBack();
    await page.getByRole("button", { name: "Allow" }).click();

    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Connected");
    expect(await rest.connections(integration)).toHaveLength(1);
    expect((await acme.counters()).exchanges).toBe(1);
});

test("two tabs of one session both succeed and make one connection", async ({ acme, rest, context }) => {
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);
    const tabs = [await context.newPage(), await context.newPage()];
    for (const tab of tabs) await tab.goto(`${url}/oauth/connect/${integration}?connect_session_token=${token}`);
    for (const tab of tabs) {
        await tab.getByRole("button", { name: "Allow" }).click();
        await expect(tab.getByRole("heading", { level: 1 })).toHaveText("Connected");
    }
    expect(await rest.connections(integration)).toHaveLength(1);
});

test("a key that is typed in two tabs of one session makes one connection, and a new page another", async ({ acme, rest, context }) => {
    const integration = await rest.createAcme(acme, "acme-api-key");
    const { connect_link } = await rest.openSession(integration);
    const open = async () => {
        const tab = await context.newPage();
        await tab.goto(connect_link);
        await tab.getByLabel("Acme API key").fill(DEMO.apiKey);
        return tab;
    };
    const connect = async (tab: Page) => {
        await tab.getByRole("button", { name: "Connect" }).click();
        await expect(tab.getByRole("heading", { level: 1 })).toHaveText(/is connected$/);
    };
    const tabs = [await open(), await open(), await open()];
    await Promise.all([connect(tabs[0]!), connect(tabs[1]!)]);
    await connect(tabs[2]!);
    expect(await rest.connections(integration)).toHaveLength(1);

    await connect(await open());
    expect(await rest.connections(integration)).toHaveLength(2);
});

test("a session that ended is answered with a page that says to start again", async ({ acme, rest, page }) => {
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);
    await new Rest(url, token).must("DELETE", "/connect/session");

    await page.goto(`${url}/oauth/connect/${integration}?connect_session_token=${token}`);

    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Not connected");
    await expect(page.getByText("start again in the app")).toBeVisible();
});

test("an integration that is deleted while the user is at the provider ends on a page that says so", async ({ acme, rest, page }) => {
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);
    await page.goto(`${url}/oauth/connect/${integration}?connect_session_token=${token}`);
    await rest.must("DELETE", `/integrations/${integration}`);

    await page.getByRole("button", { name: "Allow" }).click();

    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Not connected");
    await page.getByText("Details", { exact: true }).click();
    await expect(page.getByText("The integration was changed or deleted meanwhile")).toBeVisible();
    expect((await acme.counters()).exchanges).toBe(0);
});

test("another browser can neither finish an authorization nor spoil it", async ({ acme, rest, context, page, browser }) => {
    await acme.script({ auto_approve: true });
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);
    const start = `${url}/oauth/connect/${integration}?connect_session_token=${token}`;
    const begun = await context.request.get(start, { maxRedirects: 0 });
    const consent = await fetch(begun.headers()["location"]!, { redirect: "manual" });
    const callback = consent.headers.get("location")!;

    const stranger = await browser.newContext();
    const theirs = await stranger.newPage();
    await theirs.goto(callback);
    await expect(theirs.getByRole("alert")).toContainText("started in another browser");
    await stranger.close();

    await page.goto(callback);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Connected");
});

test("a link that was made for a popup works in one browser only", async ({ acme, rest, page, browser }) => {
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration);
    const prepared = await new Rest(url, token).must("POST", `/oauth/connect/${integration}`);
    await page.goto(prepared.authorize_url);
    await expect(page.getByRole("button", { name: "Allow" })).toBeVisible();
    await page.goto(prepared.authorize_url);
    await expect(page.getByRole("button", { name: "Allow" }), "the same browser may load it again").toBeVisible();

    const stranger = await browser.newContext();
    const theirs = await stranger.newPage();
    await theirs.goto(prepared.authorize_url);
    await expect(theirs.getByRole("alert")).toContainText("used already");
    await stranger.close();
});
