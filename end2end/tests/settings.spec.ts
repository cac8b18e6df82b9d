// What is saved in Environment settings has its effect.
import { createHmac } from "node:crypto";

import { DEMO } from "../support/acme.ts";
import { expect, test } from "../support/own.ts";
import { Receiver } from "../support/receiver.ts";
import type { Page } from "@playwright/test";

async function save(page: Page, button = "Save"): Promise<void> {
    await page.getByRole("button", { name: button, exact: true }).click();
    await expect(page.getByRole("status").filter({ hasText: "Saved" })).toBeVisible();
}

test("the public key is switched off and on, and overwriting with it", async ({ page, terapi, own, publicKey, acme }) => {
    const integration = await own.createAcme(acme, "acme-api-key");
    const connect = (connection: string) =>
        own.call(
            "POST",
            `/api-auth/api-key/${integration}?${new URLSearchParams({ public_key: publicKey, connection_id: connection })}`,
            { apiKey: DEMO.apiKey },
        );
    expect((await connect("user-1")).status).toBe(200);
    expect((await connect("user-1")).body.error.code).toBe("connection_exists");

    await page.getByLabel("Allow overwriting without HMAC").check();
    await save(page);
    expect((await connect("user-1")).status).toBe(200);

    await page.getByLabel("Accept the public key").uncheck();
    await save(page);
    await expect(page.getByText("Refused: browsers need a Connect session")).toBeVisible();
    expect(await connect("user-2")).toMatchObject({ status: 401, body: { error: { code: "deprecated_authentication" } } });
});

test("HMAC is made, required, and what the checker computes is what passes", async ({ page, terapi, own, publicKey, acme }) => {
    const integration = await own.createAcme(acme, "acme-api-key");
    await page.getByLabel("Accept the public key").uncheck();
    await save(page);
    await page.goto(`${terapi.url}/app/dev/settings/hmac`);
    await page.getByRole("button", { name: "Make a key" }).click();
    await page.getByLabel("Require HMAC with the public key").check();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await expect(page.getByText("The public key is now accepted, too.")).toBeVisible();

    await page.getByRole("button", { name: "Reveal" }).click();
    const key = await page.locator("[data-revealed]").getByLabel("HMAC key", { exact: true }).innerText();
    const computed = createHmac("sha256", key).update(`${integration}:user 1`).digest("hex");
    await page.getByLabel("Integration ID").fill(integration);
    await page.getByLabel("Connection ID").fill("user 1");
    await page.getByLabel("Your backend’s digest").fill(computed);
    await page.getByRole("button", { name: "Check" }).click();
    await expect(page.getByText("Your backend’s digest matches.")).toBeVisible();
    const digest = await page.getByLabel("Digest", { exact: true }).innerText();
    expect(digest).toBe(computed);

    const connect = (proof: Record<string, string>) =>
        own.call(
            "POST",
            `/api-auth/api-key/${integration}?${new URLSearchParams({ public_key: publicKey, connection_id: "user 1", ...proof })}`,
            { apiKey: DEMO.apiKey },
        );
    expect((await connect({})).body.error.code).toBe("missing_hmac");
    expect((await connect({ hmac: "0".repeat(64) })).body.error.code).toBe("invalid_hmac");
    expect((await connect({ hmac: digest })).status).toBe(200);
});

test("a callback URL of one's own leads the whole flow through another host", async ({ page, terapi, own, acme }) => {
    await acme.script({ auto_approve: true });
    const integration = await own.createAcme(acme);
    const host = await Receiver.open({ leadOn: `${terapi.url}/oauth/callback` });
    try {
        await page.goto(`${terapi.url}/app/dev/settings/callback`);
        await page.getByLabel("Custom callback URL").fill(`${host.url}/our/callback`);
        await save(page);
        await expect(page.getByLabel("Callback URL", { exact: true })).toHaveText(`${host.url}/our/callback`);

        const { token } = await own.openSession(integration);
        await page.goto(`${terapi.url}/oauth/connect/${integration}?connect_session_token=${token}`);
        await expect(page.getByRole("heading", { level: 1 })).toHaveText("Connected");
        expect(host.received.map(({ url }) => new URL(url, host.url).pathname)).toEqual(["/our/callback"]);
        expect(await own.connections(integration)).toHaveLength(1);
    } finally {
        host.close();
    }
});

test("a webhook arrives, signed with the key that is revealed", async ({ page, terapi, own, acme }) => {
    const integration = await own.createAcme(acme, "acme-api-key");
    const hook = await Receiver.open();
    try {
        await page.goto(`${terapi.url}/app/dev/settings/webhooks`);
        await expect(page.getByLabel("Send new connection creation webhooks")).toBeChecked();
        await page.getByLabel("Webhook URL").fill(`${hook.url}/hook`);
        await save(page);
        await page.getByRole("button", { name: "Reveal" }).click();
        const key = await page.locator("[data-revealed]").getByLabel("Signing key", { exact: true }).innerText();

        const connection = await own.connectWithKey(integration);
        await expect.poll(() => hook.received.length, { timeout: 15_000 }).toBe(1);
        const { body, headers, url } = hook.received[0]!;
        expect(url).toBe("/hook");
        expect(JSON.parse(body)).toMatchObject({ type: "auth", operation: "creation", success: true, connectionId: connection });
        expect(headers["x-nango-hmac-sha256"]).toBe(createHmac("sha256", key).update(body).digest("hex"));
    } finally {
        hook.close();
    }
});

test("allowed origins come back as browsers spell them, and a mistake with what was typed", async ({ page, terapi, own: _ }) => {
    await page.goto(`${terapi.url}/app/dev/settings/origins`);
    await page.getByLabel("Origins").fill("https://App.Example.com/\nexample.com");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText("Line 2 (“example.com”) is not an origin")).toHaveCount(1);
    await expect(page.getByLabel("Origins")).toBeFocused();
    await expect(page.getByLabel("Origins")).toHaveValue("https://App.Example.com/\nexample.com");
    await page.getByLabel("Origins").fill("https://App.Example.com/");
    await save(page);
    await expect(page.getByLabel("Origins")).toHaveValue("https://app.example.com");
});

test("an environment variable is set, and a program reads it", async ({ page, terapi, own }) => {
    await page.goto(`${terapi.url}/app/dev/settings/variables`);
    await page.getByLabel("Name").fill("REGION");
    await page.getByLabel("Value").fill("eu-west");
    await save(page, "Set");
    expect(await own.must("GET", "/environment-variables")).toEqual([{ name: "REGION", value: "eu-west" }]);
    await page.getByRole("link", { name: "Delete REGION" }).click();
    await page.getByLabel("Type REGION to confirm").fill("REGION");
    await page.getByRole("button", { name: "Delete variable" }).click();
    await expect(page.getByText("No variables")).toBeVisible();
    expect(await own.must("GET", "/environment-variables")).toEqual([]);
});

test("the preview of the Connect UI follows the form, and what is saved is what end users see", async ({ page, terapi, own, acme }) => {
    const integration = await own.createAcme(acme, "acme-api-key");
    await page.goto(`${terapi.url}/app/dev/settings/connect-ui`);
    const preview = page.frameLocator("iframe");
    await page.getByLabel("Product name").fill("Analytical Engines");
    await expect(preview.getByText("Analytical Engines").first()).toBeVisible();

    await page.getByLabel("Primary colour, light theme", { exact: true }).fill("#ffd400");
    await expect(page.locator("[data-picks=light]")).toHaveValue("#ffd400");
    await save(page);
    await expect(page.getByText(/^Text on buttons is black/).first()).toBeVisible();
    await page.goto((await own.openSession(integration)).connect_link);
    await expect(page.getByText("Analytical Engines").first()).toBeVisible();
});

test("the preview goes on where one colour is none, shows every view and follows the default theme", async ({ page, terapi, own: _ }) => {
    await page.goto(`${terapi.url}/app/dev/settings/connect-ui`);
    const preview = page.frameLocator("iframe");
    const button = preview.getByRole("button", { name: "Connect" });
    await expect(button).toBeVisible();

    const light = page.getByLabel("Primary colour, light theme", { exact: true });
    await light.fill("#ffee88");
    await expect(page.locator("#hint-light")).toContainText(/^Text on buttons is black \(17\.\d:1\)\. Links and outlines use #/);
    await expect(button).toHaveCSS("background-color", "rgb(255, 238, 136)");
    await light.fill("#ffee8");
    await page.getByLabel("Primary colour, dark theme", { exact: true }).fill("nonsense");
    await page.getByLabel("Product name").fill("Analytical Engines");
    await expect(preview.getByText("Analytical Engines").first()).toBeVisible();
    await expect(button, "the last colour that was one").toHaveCSS("background-color", "rgb(255, 238, 136)");
    await expect(page.locator("#hint-light")).toHaveText("");

    await page.getByRole("button", { name: "List", exact: true }).click();
    await expect(preview.getByRole("link", { name: "Fieldmaster" })).toBeVisible();
    await expect(preview.getByText("Analytical Engines").first()).toBeVisible();
    await page.getByRole("button", { name: "Done", exact: true }).click();
    await expect(preview.getByRole("heading", { level: 1 })).toContainText("Acme");
    await page.getByLabel("Default theme").selectOption("dark");
    await expect(page.getByRole("main").getByRole("button", { name: "Dark", exact: true })).toHaveAttribute("aria-pressed", "true");
});

test("a file that can be no logo is refused where it is chosen", async ({ page, terapi, own: _ }) => {
    await page.goto(`${terapi.url}/app/dev/settings/connect-ui`);
    const chooser = page.getByLabel("Choose a picture");
    for (const [name, mimeType, size] of [
        ["large.png", "image/png", 33 * 1024],
        ["notes.bin", "application/octet-stream", 10],
    ] as const) {
        await chooser.setInputFiles({ name, mimeType, buffer: Buffer.alloc(size) });
        await expect(page.getByRole("alert").filter({ hasText: "up to 32 kB" })).toBeVisible();
        await expect(page.getByLabel("Picture as a data URL")).toHaveValue("");
    }
    await chooser.setInputFiles({ name: "small.png", mimeType: "image/png", buffer: Buffer.alloc(10) });
    await expect(page.getByLabel("Picture as a data URL")).toHaveValue(/^data:image\/png/);
    await expect(page.getByText("This file is no PNG")).toHaveCount(0);
});

test("a logo is chosen, shown to end users and removed", async ({ page, terapi, own, acme }) => {
    const integration = await own.createAcme(acme, "acme-api-key");
    const png = Buffer.from(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
        "base64",
    );
    await page.goto(`${terapi.url}/app/dev/settings/connect-ui`);
    await page.getByLabel("Choose a picture").setInputFiles({ name: "logo.png", mimeType: "image/png", buffer: png });
    await expect(page.getByLabel("Picture as a data URL")).toHaveValue(/^data:image\/png;base64,/);
    await save(page, "Save logo");
    const logo = page.getByRole("img", { name: "Current logo" });
    await expect(logo).toHaveJSProperty("naturalWidth", 1);
    const address = await logo.getAttribute("src");

    await page.goto((await own.openSession(integration)).connect_link);
    await expect(page.locator(`img[src="${address}"]`)).toHaveCount(1);
    await page.goto(`${terapi.url}/app/dev/settings/connect-ui`);
    await page.getByRole("button", { name: "Remove logo" }).click();
    await expect(page.getByText("No logo: users see the product name alone.")).toBeVisible();
});
