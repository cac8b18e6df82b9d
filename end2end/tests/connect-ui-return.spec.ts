// Redirect mode, and the origins that an environment allows.
import { DEMO } from "../support/acme.ts";
import { Embedder } from "../support/embedder.ts";
import { expect, test } from "../support/own.ts";
import type { Page } from "@playwright/test";

async function allow(page: Page, instance: string, ...origins: string[]): Promise<void> {
    await page.goto(`${instance}/app/dev/settings/origins`);
    await page.getByRole("textbox").first().fill(origins.join("\n"));
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await expect(page.getByRole("status").filter({ hasText: "Saved" })).toBeVisible();
}

test("after the provider, and after a form, the browser is at the return URL with what happened", async ({
    page,
    terapi,
    own,
    acme,
    watch,
}) => {
    const app = await Embedder.open();
    watch.expectCustomer(app.origin);
    try {
        await allow(page, terapi.url, app.origin);
        const oauth = await own.createAcme(acme);
        const keyed = await own.createAcme(acme, "acme-api-key");
        const back = `${app.origin}/back?tab=2`;
        const open = async (key: string) =>
            page.goto(`${(await own.openSession(key)).connect_link}&${new URLSearchParams({ return_url: back })}`);
        const arrived = async (key: string, status: string) => {
            await page.waitForURL(`${app.origin}/back?**`);
            const query = new URL(page.url()).searchParams;
            expect(Object.fromEntries(query)).toMatchObject({ tab: "2", status, provider_config_key: key });
            return query;
        };

        await open(oauth);
        await expect(page.getByText("You continue at Acme")).toBeVisible();
        await page.getByRole("button", { name: "Continue to Acme" }).click();
        await page.getByRole("button", { name: "Allow" }).click();
        const connected = await arrived(oauth, "connected");
        expect(await own.connection(oauth, connected.get("connection_id")!)).toBeTruthy();

        await open(oauth);
        await page.getByRole("button", { name: "Continue to Acme" }).click();
        await page.getByRole("button", { name: "Deny" }).click();
        const failed = await arrived(oauth, "failed");
        expect(failed.get("log_id")).toMatch(/^opn_/);

        await open(keyed);
        await page.getByLabel("Acme API key").fill(DEMO.apiKey);
        await page.getByRole("button", { name: "Connect" }).click();
        await arrived(keyed, "connected");
    } finally {
        await app.close();
    }
});

test("an address that is not allowed is not returned to, and a page that is not allowed hears nothing", async ({
    page,
    terapi,
    own,
    acme,
    watch,
}) => {
    const app = await Embedder.open();
    watch.expectCustomer(app.origin);
    watch.pardon(/Failed to load resource/);
    try {
        const keyed = await own.createAcme(acme, "acme-api-key");
        const { connect_link, token } = await own.openSession(keyed);
        await page.goto(`${connect_link}&return_url=${encodeURIComponent(`${app.origin}/back`)}`);
        await expect(page.getByRole("heading", { level: 1 })).toHaveText("This page may not be used here");

        await allow(page, terapi.url, "https://app.example.com");
        const options = { baseURL: `${terapi.url}/connect/ui/`, apiURL: terapi.url, sessionToken: token };
        const ui = await app.frame(page, options);
        await expect(ui.getByRole("heading", { level: 1 })).toHaveText("This page may not be used here");
        await expect(ui.getByText(app.origin)).toBeVisible();
        const events = await app.events(page);
        expect(events.at(-1)).toMatchObject({ type: "error", payload: { errorType: "origin_not_allowed" } });
    } finally {
        await app.close();
    }
});

test("a framed link shows a page that is not allowed nothing of its session, and tells it so", async ({ page, terapi, own, acme, watch }) => {
    const app = await Embedder.open();
    watch.expectCustomer(app.origin);
    watch.pardon(/Failed to load resource/);
    try {
        const keyed = await own.createAcme(acme, "acme-api-key");
        const { connect_link } = await own.openSession(keyed);
        const frame = async () => {
            await page.goto(app.origin);
            const document = page.waitForResponse(/\/connect\/ui\/?\?session_token=/);
            await page.evaluate((link) => {
                const heard: unknown[] = [];
                Object.assign(window, { heard });
                addEventListener("message", ({ data }) => heard.push(data));
                const frame = window.document.createElement("iframe");
                frame.id = "connect-ui";
                frame.title = "Connect";
                frame.src = link;
                window.document.body.append(frame);
            }, connect_link);
            return (await document).text();
        };
        const heading = page.frameLocator("#connect-ui").getByRole("heading", { level: 1 });

        await allow(page, terapi.url, "https://app.example.com");
        expect(await frame()).not.toContain("Acme");
        await expect(heading).toHaveText("This page may not be used here");
        const heard = () => page.evaluate(() => (window as unknown as { heard: unknown[] }).heard);
        const refused = { type: "error", payload: expect.objectContaining({ errorType: "origin_not_allowed" }) };
        await expect.poll(heard).toContainEqual(refused);

        await allow(page, terapi.url, app.origin);
        await frame();
        await expect(heading).toHaveText("Connect Acme (API key)");
        expect(await heard()).not.toContainEqual(refused);
    } finally {
        await app.close();
    }
});
