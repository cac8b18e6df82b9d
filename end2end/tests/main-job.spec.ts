// From an empty instance to fresh credentials, as a newcomer does it.
import { connect, createIntegration, fetchWithNewKey, openFromMenu, setUp } from "../support/main-job.ts";
import { Terapi } from "../support/terapi.ts";
import { expect, test } from "../support/test.ts";

test("a newcomer sets up, connects Acme and fetches its credentials with a new key", async ({ page, context, acme }) => {
    const terapi = await Terapi.start();
    try {
        await setUp(page, terapi);
        await createIntegration(page, acme);
        const connectPage = await connect(page, context);

        // Both tabs do the rest by themselves: one closes or says that it is done, the other shows the connection.
        await expect(page).toHaveURL(/\/connections\/con_/, { timeout: 10_000 });
        if (!connectPage.isClosed()) await connectPage.close();

        await fetchWithNewKey(page, terapi, acme);
        await openFromMenu(page, "Getting started");
        await expect(page.getByText("4 of 5 done")).toBeVisible();
    } finally {
        await terapi.end();
    }
});

test("a setup link works once", async ({ page, browser }) => {
    const terapi = await Terapi.start();
    try {
        const link = terapi.setupLink;
        await setUp(page, terapi);
        const stranger = await browser.newPage();
        const response = await stranger.goto(link);
        expect(response?.status()).toBe(404);
        await expect(stranger.getByRole("heading", { level: 1 })).toHaveText("This link no longer works");
        await stranger.close();
    } finally {
        await terapi.end();
    }
});

test("the demo can be connected without registering or entering anything", async ({ page, context, acme }) => {
    const terapi = await Terapi.start({ environment: { TERAPI_DEMO: acme.url } });
    try {
        await setUp(page, terapi);
        await openFromMenu(page, "Integrations");
        await page.getByRole("main").getByRole("link", { name: "Acme", exact: true }).first().click();
        await connect(page, context);
        await expect(page).toHaveURL(/\/connections\/con_/, { timeout: 10_000 });
    } finally {
        await terapi.end();
    }
});

test("an operator signs out, is sent to sign in, and comes back to the page that was asked for", async ({ page }) => {
    const terapi = await Terapi.start();
    try {
        await setUp(page, terapi);
        await page.getByText("owner@example.com").first().click();
        await page.getByRole("button", { name: "Sign out" }).click();
        await expect(page).toHaveURL(`${terapi.url}/app/~/sign-in`);

        await page.goto(`${terapi.url}/app/prod/settings/keys`);
        await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
        await page.getByLabel("E-mail").fill("owner@example.com");
        await page.getByLabel("Password").fill("not the password");
        await page.getByRole("button", { name: "Sign in" }).click();
        await expect(page.getByRole("alert")).toContainText("do not match");
        await page.getByLabel("Password").fill("correct horse battery staple");
        await page.getByRole("button", { name: "Sign in" }).click();
        await expect(page).toHaveURL(`${terapi.url}/app/prod/settings/keys`);
    } finally {
        await terapi.end();
    }
});

test("an operator reveals credentials, which are not in the page before", async ({ page, context, acme }) => {
    const terapi = await Terapi.start();
    try {
        await setUp(page, terapi);
        await createIntegration(page, acme);
        await connect(page, context);
        await expect(page).toHaveURL(/\/connections\/con_/, { timeout: 10_000 });

        const address = page.url();
        const before = await page.content();
        await page.getByRole("button", { name: "Reveal" }).click();
        const token = await page.getByLabel("Access token", { exact: true }).innerText();
        expect(token).not.toBe("");
        expect(before).not.toContain(token);
        expect(page.url(), "the island shows it in place").toBe(address);

        await page.getByRole("button", { name: "Hide" }).click();
        expect(await page.content()).not.toContain(token);
    } finally {
        await terapi.end();
    }
});
