// The main job as a newcomer does it by hand, from the setup link on. It touches nothing that needs JavaScript, so
// that it is the same with and without it; where pages go on by themselves the caller says so.
import type { BrowserContext, Page } from "@playwright/test";

import { DEMO, type Acme } from "./acme.ts";
import { owner } from "./account.ts";
import { Rest } from "./rest.ts";
import type { Terapi } from "./terapi.ts";
import { expect } from "./test.ts";

/** An instance as a newcomer knows it. */
export type Place = Pick<Terapi, "url" | "setupLink">;

/** Creates the first account through the link that the server printed. */
export async function setUp(page: Page, terapi: Place): Promise<void> {
    await page.goto(terapi.setupLink);
    await page.getByLabel("Your name").fill("Ada Lovelace");
    await page.getByLabel("Team or company").fill("Analytical Engines");
    await page.getByLabel("E-mail").fill(owner.email);
    await page.getByLabel("Password").fill(owner.password);
    await page.getByRole("button", { name: "Set up and sign in" }).click();
    await expect(page).toHaveURL(`${terapi.url}/app/dev`);
}

/** Finds Acme in the catalogue and makes an integration for it. */
export async function createIntegration(page: Page, acme: Acme): Promise<void> {
    await openFromMenu(page, "Integrations");
    await page.getByRole("link", { name: "New integration" }).click();
    await page.getByRole("searchbox").fill("simulator");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("link", { name: /^Acme.*OAuth/ }).first().click();
    await page.getByLabel("Address of Acme").fill(acme.url);
    await page.getByLabel("Client ID").fill(DEMO.clientId);
    await page.getByLabel("Client secret").fill(DEMO.clientSecret);
    await page.getByRole("button", { name: "Create integration" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Acme");
}

/**
 * Presses Connect, and goes through the Connect page and Acme's, which has a window of its own where scripts run. The
 * Connect page is left open.
 */
export async function connect(page: Page, context: BrowserContext): Promise<Page> {
    await page.getByRole("button", { name: "Connect" }).click();
    const tab = context.waitForEvent("page");
    await page.getByRole("link", { name: "Open Connect" }).click();
    const connectPage = await tab;
    const ownWindow = connectPage.waitForEvent("popup");
    await connectPage.getByRole("button", { name: "Continue" }).click();
    const allow = (where: Page) => where.getByRole("button", { name: "Allow" });
    const sameTab = allow(connectPage).waitFor().then(() => connectPage);
    await allow(await Promise.race([ownWindow, sameTab])).click();
    return connectPage;
}

/** The connection that the page shows can be fetched by a backend with a key that is made now. */
export async function fetchWithNewKey(page: Page, terapi: Pick<Terapi, "url">, acme: Acme): Promise<void> {
    await expect(page).toHaveURL(/\/app\/dev\/connections\/con_/);
    const connection = await page.getByLabel("Connection ID", { exact: true }).innerText();
    await openSettings(page, "API keys");
    await page.getByLabel("Name").fill("backend");
    await page.getByRole("button", { name: "Create key" }).click();
    const key = await page.getByLabel("Secret key", { exact: true }).innerText();
    expect(key).toMatch(/^terapi_sk_dev_[0-9A-Za-z]{32,}$/);

    const { credentials } = await new Rest(terapi.url, key).connection("acme", connection);
    expect(credentials).toMatchObject({ type: "OAUTH2", access_token: expect.any(String) });
    const me = await fetch(`${acme.url}/api/me`, { headers: { authorization: `Bearer ${credentials.access_token}` } });
    expect(me.status, "Acme takes the token").toBe(200);
}

/** Follows an entry of the sidebar. */
export async function openFromMenu(page: Page, entry: string): Promise<void> {
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: entry }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(entry);
}

/** Follows the sidebar to Environment settings, and there the list of sections. */
export async function openSettings(page: Page, section: string): Promise<void> {
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Environment settings" }).click();
    await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: section }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(section);
}
