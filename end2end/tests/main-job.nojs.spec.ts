// The same without JavaScript: every form works by itself.
import { connect, createIntegration, fetchWithNewKey, setUp } from "../support/main-job.ts";
import { Terapi } from "../support/terapi.ts";
import { expect, test } from "../support/test.ts";

test("a newcomer without JavaScript connects Acme and fetches its credentials with a new key", async ({ page, context, acme }) => {
    const terapi = await Terapi.start();
    try {
        await setUp(page, terapi);
        await createIntegration(page, acme);
        const connectPage = await connect(page, context);

        await expect(connectPage.getByRole("heading", { level: 1 })).toHaveText("Connected");
        await connectPage.close();
        await page.getByRole("link", { name: "I have connected" }).click();
        await fetchWithNewKey(page, terapi, acme);
    } finally {
        await terapi.end();
    }
});

test("without JavaScript a mistake comes back with what was typed, and secrets are revealed and deleted by pages", async ({
    page,
    context,
    acme,
}) => {
    const terapi = await Terapi.start();
    try {
        await setUp(page, terapi);
        await createIntegration(page, acme);
        await connect(page, context);
        await page.getByRole("link", { name: "I have connected" }).click();

        await page.getByRole("button", { name: "Reveal" }).click();
        await expect(page.getByLabel("Access token", { exact: true })).not.toBeEmpty();
        await page.getByRole("link", { name: "Back to the connection" }).click();

        await page.getByRole("link", { name: "Delete" }).click();
        await page.getByLabel(/^Type .* to confirm$/).fill("something else");
        await page.getByRole("button", { name: "Delete" }).click();
        const again = page.getByLabel(/^Type .* to confirm$/);
        await expect(again).toHaveAccessibleDescription(/This does not match/);
        await expect(again).toBeFocused();
        await expect(page).toHaveTitle(/^Error: /);
        const label = await page.getByText(/^Type .* to confirm$/).innerText();
        await page.getByLabel(label).fill(label.replace(/^Type (.*) to confirm$/, "$1"));
        await page.getByRole("button", { name: "Delete" }).click();
        await expect(page.getByRole("heading", { name: "No connections yet" })).toBeVisible();
    } finally {
        await terapi.end();
    }
});
