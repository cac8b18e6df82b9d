// The Connect UI by its link, with JavaScript switched off.
import { DEMO } from "../support/acme.ts";
import { link } from "../support/connect-views.ts";
import { expect, test } from "../support/stage.ts";

test("without JavaScript an API key is refused, corrected and connected", async ({ page, stage }) => {
    const integration = await stage.rest.createAcme(stage.acme, "acme-api-key");
    await page.goto(await link(stage, [integration]));
    await page.getByRole("button", { name: "Connect" }).click();
    await expect(page.getByRole("alert")).toContainText("“Acme API key” is missing.");

    await page.getByLabel("Acme API key").fill("acme_test_refused");
    await page.getByRole("button", { name: "Connect" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Acme (API key) is not connected");
    await expect(page.locator("#reference")).toHaveText(/^opn_/);
    await page.getByRole("link", { name: "Try again" }).click();

    await page.getByLabel("Acme API key").fill(DEMO.apiKey);
    await page.getByRole("button", { name: "Connect" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Acme (API key) is connected");
    await expect(page.getByText("You can close this tab and go back to the app.")).toBeVisible();
    // Loaded anew it connects nothing a second time.
    await page.reload();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Acme (API key) is connected");
    expect(await stage.rest.connections(integration)).toHaveLength(1);
});

test("without JavaScript a user name and a password are connected, chosen from a list", async ({ page, stage }) => {
    const integration = await stage.rest.createAcme(stage.acme, "acme-basic");
    await page.goto(await link(stage, [integration, stage.oauth], { lang: "de" }));
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Was möchten Sie verbinden?");
    await page.getByRole("link", { name: "Acme (user name and password)" }).click();
    await page.getByRole("textbox").nth(0).fill("demo");
    await page.getByRole("textbox").nth(1).fill("demo");
    await page.getByRole("button", { name: "Verbinden" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Acme (user name and password) ist verbunden");
    expect(await stage.rest.connections(integration)).toHaveLength(1);
});

test("without JavaScript OAuth leads through the provider and ends on a page that says so", async ({ page, stage }) => {
    const integration = await stage.rest.createAcme(stage.acme);
    await page.goto(await link(stage, [integration]));
    await expect(page.getByText("You continue at Acme, which asks for your consent.")).toBeVisible();
    await page.getByRole("button", { name: "Continue to Acme" }).click();
    await page.getByRole("button", { name: "Allow" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Connected");
    expect(await stage.rest.connections(integration)).toHaveLength(1);
});

test("without JavaScript every kind of field is asked and checked", async ({ page, stage }) => {
    await page.goto(await link(stage, [stage.rich]));
    await page.getByLabel("Subdomain", { exact: true }).fill("https://acme.fieldmaster.example.com/login");
    await page.getByLabel("Tenant", { exact: true }).fill("not a uuid");
    await page.getByLabel("Data center").selectOption("us-east-1");
    await page.getByLabel("Secret access key").fill("fm_live_7");
    await page.getByRole("button", { name: "Connect" }).click();
    const alert = page.getByRole("alert");
    await expect(alert).toContainText("“Tenant” must be a UUID");
    await alert.getByRole("link").click();
    await expect(page.getByLabel("Tenant", { exact: true })).toBeFocused();
    // What was typed is still there, mended, but for the secret.
    await expect(page.getByLabel("Subdomain", { exact: true })).toHaveValue("acme");
    await expect(page.getByLabel("Data center")).toHaveValue("us-east-1");
    await expect(page.getByLabel("Secret access key")).toHaveValue("");
    await page.getByLabel("Tenant", { exact: true }).fill("");
    await page.getByLabel("Secret access key").fill("fm_live_7");
    await page.getByRole("button", { name: "Connect" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Fieldmaster Enterprise is connected");
});

test("without JavaScript a long list is searched", async ({ page, stage }) => {
    await page.goto(await link(stage, stage.many));
    await page.getByRole("searchbox").fill("bill");
    await page.getByRole("searchbox").press("Enter");
    await expect(page.getByRole("listitem")).toHaveCount(1);
    await page.getByRole("link", { name: "Billing" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Connect Billing");
    await page.getByRole("link", { name: "Back" }).click();
    await page.getByRole("searchbox").fill("xyz");
    await page.getByRole("searchbox").press("Enter");
    await page.getByRole("link", { name: "Show all" }).click();
    await expect(page.getByRole("listitem")).toHaveCount(stage.many.length);
});

test("without JavaScript a session that has ended, and a page without one, say what to do", async ({ page, stage }) => {
    const address = await link(stage, [stage.apiKey]);
    await page.goto(address);
    const token = new URL(address).searchParams.get("session_token");
    await fetch(`${stage.url}/connect/session`, { method: "DELETE", headers: { authorization: `Bearer ${token}` } });
    await page.getByLabel("Acme API key").fill(DEMO.apiKey);
    await page.getByRole("button", { name: "Connect" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("This session has expired");
    await page.goto(`${stage.url}/connect/ui/`);
    await expect(page.getByText("Open this page from an app")).toBeVisible();
});

test("without JavaScript more than a form can take is refused in words", async ({ page, stage }) => {
    await page.goto(await link(stage, [stage.apiKey]));
    await page.getByLabel("Acme API key").fill(`acme_live_${"a".repeat(20_000)}`);
    await page.getByRole("button", { name: "Connect" }).click();
    await expect(page.getByText("That is more than this form can take.")).toBeVisible();
});
