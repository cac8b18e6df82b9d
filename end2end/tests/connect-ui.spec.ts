// The Connect UI with its script: in a frame on another origin, in a window, and alone in a tab.
import type { FrameLocator, Locator, Page } from "@playwright/test";

import { owner } from "../support/account.ts";
import { DEMO } from "../support/acme.ts";
import { link } from "../support/connect-views.ts";
import { uniqueKey } from "../support/rest.ts";
import { signIn } from "../support/sign-in.ts";
import { expect, test } from "../support/stage.ts";

const heading = (ui: Page | FrameLocator) => ui.getByRole("heading", { level: 1 });
const send = (ui: Page | FrameLocator) => ui.locator("[data-submit]");

const focused = (what: Locator) => what.evaluate((element) => element === document.activeElement);

async function allow(page: Page, ui: Page | FrameLocator, what: "Allow" | "Deny" = "Allow"): Promise<void> {
    const opened = page.waitForEvent("popup");
    await send(ui).click();
    const popup = await opened;
    const closed = popup.waitForEvent("close");
    await popup.getByRole("button", { name: what }).click();
    await closed;
    // The browser draws the page behind only when it is in front again.
    await page.bringToFront();
}

test.describe("in a frame on another origin", () => {
    test("an API key is connected, the page hears of it, and Finish closes the frame", async ({ page, stage, embedder }) => {
        const ui = await embedder.frame(page, { baseURL: `${stage.url}/connect/ui`, apiURL: stage.url });
        await expect(ui.locator("[data-skeleton]")).toBeVisible();
        const { token } = await stage.rest.openSession(stage.apiKey);
        await page.evaluate((token) => (window as any).give(token), token);

        await ui.getByLabel("Acme API key").fill(DEMO.apiKey);
        await send(ui).click();
        await expect(heading(ui)).toHaveText("Acme (API key) is connected");
        await ui.getByRole("button", { name: "Finish" }).click();
        await expect(page.locator("#connect-ui")).toHaveCount(0);

        const [connection] = (await stage.rest.connections(stage.apiKey)).slice(-1);
        const events = await embedder.events(page);
        expect(events.map(({ type }) => type)).toEqual(["ready", "connect", "close"]);
        expect(events[1]?.payload).toMatchObject({ providerConfigKey: stage.apiKey });
        expect(await stage.rest.connection(stage.apiKey, events[1]!.payload!.connectionId!)).toBeTruthy();
        expect(connection).toBeTruthy();
    });

    test("OAuth goes through a window and comes back, from the bare address too", async ({ page, stage, embedder }) => {
        const { token } = await stage.rest.openSession(stage.oauth);
        const ui = await embedder.frame(page, { baseURL: stage.url, apiURL: stage.url, sessionToken: token });
        await expect(heading(ui)).toHaveText("Connect Acme");
        await expect(ui.getByRole("dialog")).toHaveAccessibleName("Connect Acme");

        await allow(page, ui);
        await expect(heading(ui)).toHaveText("Acme is connected");
        const events = await embedder.events(page);
        expect(events.map(({ type }) => type)).toEqual(["ready", "connect"]);
        expect(await stage.rest.connection(stage.oauth, events[1]!.payload!.connectionId!)).toMatchObject({
            credentials: { type: "OAUTH2" },
        });
    });

    test("a refusal at the provider is explained, with a reference, and can be tried again", async ({ page, stage, embedder }) => {
        const { token } = await stage.rest.openSession(stage.oauth);
        const ui = await embedder.frame(page, { baseURL: stage.url, apiURL: stage.url, sessionToken: token });
        const opened = page.waitForEvent("popup");
        await send(ui).click();
        await (await opened).getByRole("button", { name: "Deny" }).click();

        await expect(heading(ui)).toHaveText("Acme is not connected");
        await expect(ui.getByText("Access was not allowed at Acme.")).toBeVisible();
        await expect(ui.locator("#reference")).toHaveText(/^opn_/);
        const [, failed] = await embedder.events(page);
        expect(failed).toMatchObject({ type: "error", payload: { errorType: "callback_err" } });

        await ui.getByRole("link", { name: "Try again" }).click();
        await allow(page, ui);
        await expect(heading(ui)).toHaveText("Acme is connected");
    });

    test("a script in what the provider says stays text", async ({ page, stage, embedder }) => {
        await stage.acme.script({ deny: { description: "<img src=x onerror=alert(1)>" } });
        try {
            const { token } = await stage.rest.openSession(stage.oauth);
            const ui = await embedder.frame(page, { baseURL: stage.url, apiURL: stage.url, sessionToken: token });
            const opened = page.waitForEvent("popup");
            await send(ui).click();
            await opened;
            await ui.getByText("Details").click();
            await expect(ui.getByText("<img src=x onerror=alert(1)>")).toBeVisible();
        } finally {
            await stage.acme.script({ deny: null });
        }
    });

    test("a provider that cuts the window off still leads to success", async ({ page, stage, embedder }) => {
        await stage.acme.script({ coop: "same-origin" });
        try {
            const { token } = await stage.rest.openSession(stage.oauth);
            const ui = await embedder.frame(page, { baseURL: stage.url, apiURL: stage.url, sessionToken: token });
            const opened = page.waitForEvent("popup");
            await send(ui).click();
            await (await opened).getByRole("button", { name: "Allow" }).click();
            await expect(heading(ui)).toHaveText("Acme is connected");
        } finally {
            await stage.acme.script({ coop: null });
        }
    });

    test("a window closed too early is told where that is asked for", async ({ page, stage, embedder }) => {
        const { token } = await stage.rest.openSession(stage.oauth);
        const options = { baseURL: stage.url, apiURL: stage.url, sessionToken: token, detectClosedAuthWindow: true };
        const ui = await embedder.frame(page, options);
        const opened = page.waitForEvent("popup");
        await send(ui).click();
        await (await opened).close();

        await expect(ui.getByRole("alert")).toContainText("The window was closed too early");
        await expect(send(ui)).toHaveText("Try again");
        expect((await embedder.events(page)).at(-1)).toMatchObject({ type: "error", payload: { errorType: "window_closed" } });
        await allow(page, ui);
        await expect(heading(ui)).toHaveText("Acme is connected");
    });

    test("a window closed where nobody asks leaves the page waiting, and ready to try again", async ({ page, stage, embedder }) => {
        const { token } = await stage.rest.openSession(stage.oauth);
        const ui = await embedder.frame(page, { baseURL: stage.url, apiURL: stage.url, sessionToken: token });
        const opened = page.waitForEvent("popup");
        await send(ui).click();
        await (await opened).close();

        await expect(ui.getByRole("alert")).toContainText("If you have closed the window, try again.");
        expect((await embedder.events(page)).map(({ type }) => type)).toEqual(["ready"]);
    });

    test("a blocked window is explained, and opens at the second try", async ({ page, stage, embedder }) => {
        const { token } = await stage.rest.openSession(stage.oauth);
        const ui = await embedder.frame(page, { baseURL: stage.url, apiURL: stage.url, sessionToken: token });
        await expect(heading(ui)).toHaveText("Connect Acme");
        const frame = page.frames().find((frame) => frame.url().startsWith(stage.url))!;
        await frame.evaluate(() => {
            const open = window.open.bind(window);
            window.open = () => ((window.open = open), null);
        });
        await send(ui).click();

        await expect(ui.getByRole("alert")).toContainText("The window was blocked");
        expect((await embedder.events(page)).at(-1)).toMatchObject({
            type: "error",
            payload: { errorType: "blocked_by_browser" },
        });
        await allow(page, ui);
        await expect(heading(ui)).toHaveText("Acme is connected");
    });

    test("where windows are blocked, a link leads to a tab, and the frame hears how it ended", async ({ page, context, stage, embedder }) => {
        const { token } = await stage.rest.openSession(stage.oauth);
        const ui = await embedder.frame(page, { baseURL: stage.url, apiURL: stage.url, sessionToken: token });
        await expect(heading(ui)).toHaveText("Connect Acme");
        const frame = page.frames().find((frame) => frame.url().startsWith(stage.url))!;
        await frame.evaluate(() => void (window.open = () => null));
        await send(ui).click();
        await expect(ui.getByRole("alert")).toContainText("The window was blocked");
        const opened = context.waitForEvent("page");
        await ui.getByRole("link", { name: "Continue in a new tab" }).click();
        const tab = await opened;
        await page.bringToFront();
        await expect(ui.getByText("Waiting for Acme.")).toBeVisible();
        await expect(ui.getByRole("alert")).toBeHidden();
        await expect(send(ui)).toHaveText("Try again");
        await expect(send(ui)).toBeFocused();

        await tab.bringToFront();
        await tab.getByRole("button", { name: "Allow" }).click();
        await page.bringToFront();
        await expect(heading(ui)).toHaveText("Acme is connected");
        const events = await embedder.events(page);
        expect(events.map(({ type }) => type)).toEqual(["ready", "error", "connect"]);
        expect(await stage.rest.connection(stage.oauth, events[2]!.payload!.connectionId!)).toBeTruthy();
    });

    test("a link to a tab that nobody took ends nothing when it is too old", async ({ page, stage, embedder }) => {
        const { token } = await stage.rest.openSession(stage.oauth);
        const ui = await embedder.frame(page, { baseURL: stage.url, apiURL: stage.url, sessionToken: token });
        await expect(heading(ui)).toHaveText("Connect Acme");
        const frame = page.frames().find((frame) => frame.url().startsWith(stage.url))!;
        await frame.evaluate(() => void (window.open = () => null));
        await page.route("**/connect/ui/result?*", (route) => route.fulfill({ json: { status: "failed" } }));
        const views: string[] = [];
        page.on("request", (request) => request.url().includes("&attempt=") && views.push(request.url()));
        const answered = page.waitForResponse("**/connect/ui/result?*");
        await send(ui).click();
        await (await answered).finished();
        await expect(ui.getByRole("alert")).toContainText("The window was blocked");
        expect(views).toEqual([]);
        expect((await embedder.events(page)).map(({ type }) => type)).toEqual(["ready", "error"]);

        // Whoever takes it then is told.
        await ui.getByRole("link", { name: "Continue in a new tab" }).click();
        await page.bringToFront();
        await expect.poll(() => views).not.toEqual([]);
    });

    test("a link to a tab goes when what it was made for is changed", async ({ page, stage, embedder }) => {
        const unique_key = uniqueKey("zendesk");
        const credentials = { type: "OAUTH2", client_id: DEMO.clientId, client_secret: DEMO.clientSecret };
        await stage.rest.must("POST", "/integrations", { provider: "zendesk", unique_key, credentials });
        const { token } = await stage.rest.openSession(unique_key);
        const ui = await embedder.frame(page, { baseURL: stage.url, apiURL: stage.url, sessionToken: token });
        const subdomain = ui.getByLabel("Subdomain", { exact: true });
        await subdomain.fill("acmee");
        const frame = page.frames().find((frame) => frame.url().startsWith(stage.url))!;
        await frame.evaluate(() => void (window.open = () => null));
        await send(ui).click();
        const onward = ui.getByRole("link", { name: "Continue in a new tab" });
        await expect(onward).toBeVisible();
        await subdomain.fill("acme");
        await expect(onward).toBeHidden();
        await expect(send(ui)).toHaveText("Try again");
        await send(ui).click();
        await expect(onward).toBeVisible();
    });

    for (const whose of ["another", "its own"]) {
        test(`in a page of ${whose} origin that isolates itself no empty window stays, and a link leads to a tab`, async ({ page, context, stage, embedder }) => {
            const { token } = await stage.rest.openSession(stage.oauth);
            const options = { baseURL: stage.url, apiURL: stage.url, sessionToken: token };
            const origin = whose === "another" ? embedder.origin : stage.url;
            const ui = await embedder.frame(page, options, { isolated: true, origin });
            await expect(heading(ui)).toHaveText("Connect Acme");
            for (const press of ["first", "again"]) {
                const cutOff = context.waitForEvent("page");
                await send(ui).click();
                const empty = await cutOff;
                if (!empty.isClosed()) await empty.waitForEvent("close");
                await expect(ui.getByRole("alert"), press).toContainText("The window was blocked");
            }
            const opened = context.waitForEvent("page");
            await ui.getByRole("link", { name: "Continue in a new tab" }).click();
            await (await opened).getByRole("button", { name: "Allow" }).click();
            await page.bringToFront();
            await expect(heading(ui)).toHaveText("Acme is connected");
            expect((await embedder.events(page)).at(-1)?.type).toBe("connect");
        });
    }

    test("what its user sees and does is in the log, as the page's own script told it", async ({ page, context, stage, embedder, watch }) => {
        test.slow();
        await context.addCookies([{ ...(await signIn(stage.url, owner)), url: stage.url }]);
        await context.route("https://docs.example.com/**", (route) => route.fulfill({ body: "How to" }));
        watch.pardon(/docs\.example\.com/);
        const { token } = await stage.rest.openSession(stage.apiKey, { allowed_integrations: [stage.oauth, stage.apiKey, stage.rich] });
        const open = async () => {
            await page.goto("about:blank");
            const options = { baseURL: stage.url, apiURL: stage.url, sessionToken: token, detectClosedAuthWindow: true };
            const ui = await embedder.frame(page, options);
            await expect(ui.getByRole("link", { name: "Acme (API key)" })).toBeVisible();
            return ui;
        };
        const closed = () => expect(page.locator("#connect-ui")).toHaveCount(0);
        const chosen = async (ui: FrameLocator, name: string) => {
            await ui.getByRole("link", { name, exact: true }).click();
            await expect(heading(ui)).toHaveText(`Connect ${name}`);
        };

        // Looked at, and left beside the card.
        await open();
        await page.mouse.click(20, 20);
        await closed();

        // The instructions are read, and the page is closed.
        let ui = await open();
        await chosen(ui, "Fieldmaster Enterprise");
        for (const instructions of ["[data-doc]", "[data-doc-section]"]) {
            const opened = context.waitForEvent("page");
            await ui.locator(instructions).first().click();
            await (await opened).close();
        }
        await page.bringToFront();
        await ui.getByRole("button", { name: "Close" }).click();
        await closed();

        // A wrong key, a blocked window, one that is closed too early, a refusal, and at last success.
        ui = await open();
        await chosen(ui, "Acme (API key)");
        await ui.getByLabel("Acme API key").fill("acme_test_refused");
        await send(ui).click();
        await expect(heading(ui)).toHaveText("Acme (API key) is not connected");
        const reference = (await ui.locator("#reference").textContent())!.trim();
        await ui.locator("[data-back]").click();
        await ui.locator("[data-back]").click();
        await chosen(ui, "Acme");
        const frame = page.frames().find((frame) => frame.url().startsWith(stage.url))!;
        await frame.evaluate(() => {
            const open = window.open.bind(window);
            window.open = () => ((window.open = open), null);
        });
        await send(ui).click();
        await expect(ui.getByRole("alert")).toContainText("The window was blocked");
        let opened = page.waitForEvent("popup");
        await send(ui).click();
        await (await opened).close();
        await expect(ui.getByRole("alert")).toContainText("The window was closed too early");
        opened = page.waitForEvent("popup");
        await send(ui).click();
        await (await opened).getByRole("button", { name: "Deny" }).click();
        await expect(heading(ui)).toHaveText("Acme is not connected");
        await page.bringToFront();
        await ui.getByRole("link", { name: "Try again" }).click();
        await allow(page, ui);
        await expect(heading(ui)).toHaveText("Acme is connected");
        await ui.getByRole("button", { name: "Finish" }).click();
        await closed();

        await page.goto(`${stage.url}/app/dev/logs`);
        await page.getByLabel("Reference or connection ID").fill(reference);
        await page.getByRole("button", { name: "Filter" }).click();
        await expect(page).toHaveURL(`${stage.url}/app/dev/logs/${reference}`);
        const steps = page.getByRole("main").getByRole("listitem");
        for (const [count, level, text] of [
            [3, "Info", "opened"],
            [4, "Info", "the list of integrations is shown"],
            [3, "Info", "an integration was chosen"],
            [1, "Info", "left by a click outside"],
            [1, "Info", "the instructions were opened"],
            [1, "Info", "a part of the instructions was opened"],
            [1, "Info", "closed"],
            [5, "Info", "connecting was asked for"],
            [1, "Error", "the credentials were refused"],
            [1, "Error", "the browser blocked the window"],
            [1, "Error", "the window was closed before the end"],
            [1, "Error", "a failure is shown"],
            [1, "Info", "success is shown"],
            [1, "Info", "finished"],
        ] as const) {
            const told = steps.filter({ has: page.getByText(`Connect UI: ${text}`, { exact: true }) });
            // A beacon is sent when the browser finds time for it.
            await expect(async () => {
                await page.reload();
                await expect(told, text).toHaveCount(count, { timeout: 1_000 });
            }).toPass({ timeout: 10_000 });
            await expect(told.first(), text).toContainText(level);
        }
        await expect(steps.getByText("Connect UI: an integration is shown", { exact: true })).not.toHaveCount(0);
        const first = steps.filter({ hasText: "Connect UI: opened" }).first();
        await first.getByText("Details").click();
        await expect(first.getByLabel("Details")).toContainText("Chrome · ");
        await expect(steps.filter({ hasText: "Connect UI: closed" }).first()).not.toContainText("Chrome");
    });

    test("a token from anybody but the page around is ignored", async ({ page, stage, embedder }) => {
        const { token } = await stage.rest.openSession(stage.apiKey);
        const ui = await embedder.frame(page, { baseURL: stage.url, apiURL: stage.url });
        await expect(ui.locator("[data-skeleton]")).toBeVisible();
        const frame = page.frames().find((frame) => frame.url().startsWith(stage.url))!;
        await frame.evaluate(() => {
            (window as any).heard = new Promise((done) => addEventListener("message", done, { once: true }));
        });
        const asked: string[] = [];
        page.on("request", (request) => asked.push(request.url()));
        // A frame beside it, of the same website.
        await page.evaluate(async (token) => {
            const stranger = document.createElement("iframe");
            stranger.src = "/stranger";
            await new Promise((done) => {
                stranger.addEventListener("load", done);
                document.body.append(stranger);
            });
            stranger.contentWindow!.postMessage(token, "*");
        }, token);
        // Whoever uses a token asks with it, at once.
        await frame.evaluate(async () => {
            await (window as any).heard;
            await new Promise(requestAnimationFrame);
        });
        expect(asked.filter((address) => address.startsWith(stage.url))).toEqual([]);
        await expect(ui.locator("[data-skeleton]")).toBeVisible();

        await page.evaluate((token) => (window as any).give(token), token);
        await expect(heading(ui)).toHaveText("Connect Acme (API key)");
    });

    test("a session that ends in the middle asks to start again, and a new token goes on", async ({ page, stage, embedder }) => {
        const { token } = await stage.rest.openSession(stage.apiKey);
        const ui = await embedder.frame(page, { baseURL: stage.url, apiURL: stage.url, sessionToken: token });
        await ui.getByLabel("Acme API key").fill(DEMO.apiKey);
        const ended = await fetch(`${stage.url}/connect/session`, {
            method: "DELETE",
            headers: { authorization: `Bearer ${token}` },
        });
        expect(ended.status).toBe(204);
        await send(ui).click();
        await expect(heading(ui)).toHaveText("This session has expired");
        await expect(ui.getByRole("button", { name: "Start again" })).toBeVisible();
        expect((await embedder.events(page)).at(-1)).toMatchObject({
            type: "error",
            payload: { errorType: "unknown_connect_session_token" },
        });

        const next = await stage.rest.openSession(stage.apiKey);
        await page.evaluate((token) => (window as any).give(token), next.token);
        await expect(heading(ui)).toHaveText("Connect Acme (API key)");
    });

    test("an integration removed in the middle says so", async ({ page, stage, embedder }) => {
        const integration = await stage.rest.createAcme(stage.acme, "acme-api-key");
        const { token } = await stage.rest.openSession(integration);
        const ui = await embedder.frame(page, { baseURL: stage.url, apiURL: stage.url, sessionToken: token });
        await ui.getByLabel("Acme API key").fill(DEMO.apiKey);
        await stage.rest.must("DELETE", `/integrations/${integration}`);
        await send(ui).click();
        await expect(heading(ui)).toHaveText("This cannot be connected here");
    });

    test("an integration removed in the middle leads back to the others", async ({ page, stage, embedder }) => {
        const integration = await stage.rest.createAcme(stage.acme, "acme-api-key", { display_name: "Gone soon" });
        const allowed_integrations = [integration, stage.apiKey, stage.open];
        const { token } = await stage.rest.openSession(integration, { allowed_integrations });
        const ui = await embedder.frame(page, { baseURL: stage.url, apiURL: stage.url, sessionToken: token });
        await ui.getByRole("link", { name: "Gone soon" }).click();
        await ui.getByLabel("Acme API key").fill(DEMO.apiKey);
        await stage.rest.must("DELETE", `/integrations/${integration}`);
        await send(ui).click();
        await expect(heading(ui)).toHaveText("This cannot be connected here");
        await ui.getByRole("link", { name: "Choose something else" }).click();
        await expect(ui.locator("a[data-choose]")).toHaveCount(2);
    });

    test("what the app filled in wrongly is told to it, and is in the log", async ({ page, stage, embedder }) => {
        const integrations_config_defaults = { [stage.rich]: { connection_config: { subdomain: "NOT RIGHT" } } };
        const { token } = await stage.rest.openSession(stage.rich, { integrations_config_defaults });
        const ui = await embedder.frame(page, { baseURL: stage.url, apiURL: stage.url, sessionToken: token });
        await expect(heading(ui)).toHaveText("Fieldmaster Enterprise is not set up correctly");
        await expect(ui.locator("#reference")).toHaveText(/^opn_/);
        const [, failed] = await embedder.events(page);
        expect(failed).toMatchObject({ type: "error", payload: { errorType: "provider_config_err" } });
    });

    test("what only the app can mend is not offered to be tried again", async ({ page, stage, embedder }) => {
        await stage.acme.script({ deny: { error: "unauthorized_client", description: "This client may not" } });
        try {
            const { token } = await stage.rest.openSession(stage.oauth);
            const ui = await embedder.frame(page, { baseURL: stage.url, apiURL: stage.url, sessionToken: token });
            // The provider sends the window back by itself.
            await send(ui).click();
            await expect(ui.getByText("The app has not set up Acme correctly.")).toBeVisible();
            await expect(ui.getByText("Trying again will not help")).toBeVisible();
            await expect(ui.getByText("Send the reference below to the support")).toBeVisible();
            await expect(ui.getByRole("link", { name: "Try again" })).toHaveCount(0);
        } finally {
            await stage.acme.script({ deny: null });
        }
    });

    test("closing asks before it throws away what was typed", async ({ page, stage, embedder }) => {
        const { token } = await stage.rest.openSession(stage.apiKey);
        const ui = await embedder.frame(page, { baseURL: stage.url, apiURL: stage.url, sessionToken: token });
        await ui.getByLabel("Acme API key").pressSequentially("acme");
        await page.keyboard.press("Escape");
        const question = ui.getByRole("dialog", { name: "Close without connecting?" });
        await expect(question).toBeVisible();
        await question.getByRole("button", { name: "Keep editing" }).click();
        await expect(ui.getByLabel("Acme API key")).toHaveValue("acme");

        // Beside the card.
        await page.mouse.click(20, 20);
        await question.getByRole("button", { name: "Close" }).click();
        await expect(page.locator("#connect-ui")).toHaveCount(0);
    });

    test("an account at the provider is connected by keyboard alone, through the window and back", async ({ page, stage, embedder }) => {
        const { token } = await stage.rest.openSession(stage.oauth);
        const ui = await embedder.frame(page, { baseURL: stage.url, apiURL: stage.url, sessionToken: token });
        await expect(heading(ui)).toBeFocused();
        const opened = page.waitForEvent("popup");
        for (let stops = 0; stops < 9 && !(await focused(send(ui))); stops += 1) await page.keyboard.press("Tab");
        await expect(send(ui)).toBeFocused();
        await page.keyboard.press("Enter");

        const popup = await opened;
        const closed = popup.waitForEvent("close");
        const agree = popup.getByRole("button", { name: "Allow" });
        await expect(agree).toBeVisible();
        for (let stops = 0; stops < 9 && !(await focused(agree)); stops += 1) await popup.keyboard.press("Tab");
        await popup.keyboard.press("Enter");
        await closed;
        await page.bringToFront();

        await expect(heading(ui)).toHaveText("Acme is connected");
        await expect(heading(ui)).toBeFocused();
        const finish = ui.getByRole("button", { name: "Finish" });
        for (let stops = 0; stops < 9 && !(await focused(finish)); stops += 1) await page.keyboard.press("Tab");
        await page.keyboard.press("Enter");
        await expect(page.locator("#connect-ui")).toHaveCount(0);
    });

    test("everything is done by keyboard, and the focus stays in the card", async ({ page, stage, embedder }) => {
        const { token } = await stage.rest.openSession(stage.apiKey, { allowed_integrations: [stage.oauth, stage.apiKey] });
        const ui = await embedder.frame(page, { baseURL: stage.url, apiURL: stage.url, sessionToken: token });
        await expect(heading(ui)).toBeFocused();
        const close = ui.getByRole("button", { name: "Close" });
        const acme = ui.getByRole("link", { name: "Acme", exact: true });
        const key = ui.getByRole("link", { name: "Acme (API key)" });
        await page.keyboard.press("Tab");
        const first = (await acme.evaluate((link) => link === document.activeElement)) ? [acme, key] : [key, acme];
        await expect(first[0]!).toBeFocused();
        await page.keyboard.press("Tab");
        await expect(first[1]!).toBeFocused();
        // Round the card, forwards and backwards.
        await page.keyboard.press("Tab");
        await expect(close).toBeFocused();
        await page.keyboard.press("Shift+Tab");
        await expect(first[1]!).toBeFocused();
        await key.focus();
        await page.keyboard.press("Enter");

        await expect(heading(ui)).toHaveText("Connect Acme (API key)");
        await expect(heading(ui)).toBeFocused();
        await page.keyboard.press("Shift+Tab");
        await expect(close).toBeFocused();
        await page.keyboard.press("Shift+Tab");
        await expect(ui.getByRole("link", { name: "Back" })).toBeFocused();
        await page.keyboard.press("Enter");
        // Back on what was chosen.
        await expect(key).toBeFocused();
        await page.keyboard.press("Enter");

        await expect(heading(ui)).toHaveText("Connect Acme (API key)");
        await page.keyboard.press("Tab");
        await expect(ui.getByLabel("Acme API key", { exact: true })).toBeFocused();
        await page.keyboard.press("Enter");
        // Nothing was typed: said in words, and the field has the focus.
        await expect(ui.getByText("“Acme API key” is missing.")).toBeVisible();
        await expect(ui.getByLabel("Acme API key", { exact: true })).toBeFocused();
        await page.keyboard.type("acme_test_refused");
        await page.keyboard.press("Tab");
        await page.keyboard.press("Space");
        await expect(ui.getByLabel("Acme API key", { exact: true })).toHaveAttribute("type", "text");
        await expect(ui.getByRole("button", { name: "Hide Acme API key" })).toBeFocused();
        await page.keyboard.press("Tab");
        await page.keyboard.press("Enter");

        await expect(heading(ui)).toHaveText("Acme (API key) is not connected");
        await expect(heading(ui)).toBeFocused();
        await page.keyboard.press("Tab");
        await expect(ui.getByRole("link", { name: "Try again" })).toBeFocused();
        await page.keyboard.press("Enter");
        await expect(heading(ui)).toHaveText("Connect Acme (API key)");
        await expect(ui.getByLabel("Acme API key", { exact: true })).toBeFocused();
        await page.keyboard.type(DEMO.apiKey);
        await page.keyboard.press("Enter");

        await expect(heading(ui)).toHaveText("Acme (API key) is connected");
        await page.keyboard.press("Tab");
        await expect(ui.getByRole("button", { name: "Finish" })).toBeFocused();
        await page.keyboard.press("Enter");
        await expect(page.locator("#connect-ui")).toHaveCount(0);
    });

    test("without a token it says after a while that the app has not answered", async ({ page, stage, embedder }) => {
        await page.clock.install();
        const ui = await embedder.frame(page, { baseURL: stage.url, apiURL: stage.url });
        await expect(ui.locator("[data-skeleton]")).toBeVisible();
        await page.clock.fastForward(10_500);
        await expect(heading(ui)).toHaveText("The app has not answered");
        await ui.locator("[data-do]").click();
        await expect(page.locator("#connect-ui")).toHaveCount(0);
    });

    test("language and theme are those that the app asks for", async ({ page, stage, embedder }) => {
        const { token } = await stage.rest.openSession(stage.apiKey);
        for (const [lang, text] of [
            ["fr", "Connecter Acme (API key)"],
            ["de-AT", "Acme (API key) verbinden"],
            ["es", "Conectar Acme (API key)"],
            ["ja", "Acme (API key) を接続"],
            ["pt", "Connect Acme (API key)"],
        ]) {
            await page.goto("about:blank");
            const options = { baseURL: stage.url, apiURL: stage.url, sessionToken: token, lang, themeOverride: "dark" };
            const ui = await embedder.frame(page, options);
            await expect(heading(ui)).toHaveText(text!);
            const lit = ui.locator("html");
            await expect(lit).toHaveAttribute("lang", text === "Connect Acme (API key)" ? "en" : lang!.slice(0, 2));
            await expect(lit).toHaveAttribute("data-theme", "dark");
        }
    });
});

test.describe("in a window", () => {
    test("a page that opens it by link hears what happens, and Finish closes the window", async ({ page, stage, embedder }) => {
        const popup = await embedder.window(page, { url: await link(stage, [stage.apiKey]) });
        await popup.getByLabel("Acme API key").fill(DEMO.apiKey);
        await send(popup).click();
        await expect(heading(popup)).toHaveText("Acme (API key) is connected");
        const closed = popup.waitForEvent("close");
        await popup.getByRole("button", { name: "Finish" }).click();
        await closed;
        const events = await embedder.events(page);
        expect(events[0]).toEqual({ type: "ready", origin: stage.url });
    });

    test("a page that posts the token hears everything, and OAuth opens a second window", async ({ page, stage, embedder }) => {
        const { token } = await stage.rest.openSession(stage.oauth);
        const popup = await embedder.window(page, { url: `${stage.url}/connect/ui/`, token });
        await expect(heading(popup)).toHaveText("Connect Acme");
        await allow(popup, popup);
        await expect(heading(popup)).toHaveText("Acme is connected");
        const events = await embedder.events(page);
        expect(events.map(({ type }) => type)).toEqual(["ready", "connect"]);
        expect(events[1]?.payload?.providerConfigKey).toBe(stage.oauth);
    });
});

test.describe("alone in a tab", () => {
    test("two tabs of one session both connect", async ({ page, context, stage }) => {
        const address = await link(stage, [stage.oauth]);
        const other = await context.newPage();
        await Promise.all([page.goto(address), other.goto(address)]);
        await allow(page, page);
        await other.bringToFront();
        await allow(other, other);
        await expect(heading(page)).toHaveText("Acme is connected");
        await expect(heading(other)).toHaveText("Acme is connected");
        await expect(page.getByText("You can close this tab")).toBeVisible();
        await expect(page.getByRole("button", { name: "Finish" })).toBeHidden();
    });

    test("a double click connects once", async ({ page, stage }) => {
        const integration = await stage.rest.createAcme(stage.acme, "acme-api-key");
        await page.goto(await link(stage, [integration]));
        await page.getByLabel("Acme API key").fill(DEMO.apiKey);
        await send(page).dblclick();
        await expect(heading(page)).toHaveText("Acme (API key) is connected");
        expect(await stage.rest.connections(integration)).toHaveLength(1);
    });

    test("going back after success leads to the list, and connects nothing again", async ({ page, stage }) => {
        const integration = await stage.rest.createAcme(stage.acme, "acme-api-key");
        await page.goto(await link(stage, [integration, stage.oauth]));
        await page.getByRole("link", { name: "Acme (API key)" }).click();
        await page.getByLabel("Acme API key").fill(DEMO.apiKey);
        await send(page).click();
        await expect(heading(page)).toHaveText("Acme (API key) is connected");
        await page.goBack();
        await expect(heading(page)).toHaveText("What would you like to connect?");
        await page.goForward();
        await expect(heading(page)).toHaveText("Connect Acme (API key)");
        await expect(page.getByLabel("Acme API key")).toHaveValue("");
        // The token is not left in the address, where others would see it.
        expect(page.url()).not.toContain("session_token");
        await page.reload();
        await expect(heading(page)).toHaveText("This page was reloaded");
        expect(await stage.rest.connections(integration)).toHaveLength(1);
    });

    test("who goes back while the window is open still hears that it ended well", async ({ page, stage }) => {
        await page.goto(await link(stage, [stage.oauth, stage.open]));
        await page.getByRole("link", { name: "Acme" }).click();
        const opened = page.waitForEvent("popup");
        await send(page).click();
        const popup = await opened;
        await popup.getByRole("button", { name: "Allow" }).waitFor();
        await page.goBack();
        await expect(page.locator("a[data-choose]")).toHaveCount(2);
        await popup.getByRole("button", { name: "Allow" }).click();
        await expect(heading(page)).toHaveText("Acme is connected");
    });

    test("arrow keys lead from the search to what it found, and back", async ({ page, stage }) => {
        await page.goto(await link(stage, stage.many));
        const search = page.getByRole("searchbox", { name: "Search" });
        const lines = page.locator("a[data-choose]:visible");
        await search.fill("bill");
        await search.press("ArrowDown");
        await expect(lines.first()).toBeFocused();
        await page.keyboard.press("ArrowUp");
        await expect(search).toBeFocused();
        await expect(search).toHaveValue("bill");
        // Nothing lies above the search, and nothing beneath the last line.
        await search.fill("");
        await search.press("ArrowDown");
        await page.keyboard.press("ArrowDown");
        await expect(lines.nth(1)).toBeFocused();
        await lines.last().press("ArrowDown");
        await expect(lines.last()).toBeFocused();
    });

    test("a long list is searched, and remembers it", async ({ page, stage }) => {
        await page.goto(await link(stage, stage.many));
        await page.getByRole("searchbox", { name: "Search" }).fill("bill");
        await expect(page.locator("[data-choose]:visible")).toHaveCount(1);
        await expect(page.locator("#live")).toHaveText("Results: 1");
        await page.getByRole("link", { name: "Billing" }).click();
        await page.getByRole("link", { name: "Back" }).click();
        await expect(page.getByRole("searchbox", { name: "Search" })).toHaveValue("bill");
        await expect(page.getByRole("link", { name: "Billing" })).toBeFocused();
        await page.getByRole("searchbox", { name: "Search" }).fill("xyz");
        await expect(page.locator("[data-none]")).toContainText("Nothing here is called “xyz”.");
        await page.getByText("Show all").click();
        await expect(page.locator("[data-choose]:visible")).toHaveCount(stage.many.length);
    });

    test("fields say what they want before anything is sent, and mend what was pasted", async ({ page, stage }) => {
        await page.goto(await link(stage, [stage.rich]));
        const subdomain = page.getByLabel("Subdomain", { exact: true });
        await subdomain.fill("https://acme.fieldmaster.example.com/login");
        await subdomain.blur();
        await expect(subdomain).toHaveValue("acme");
        await page.getByLabel("Secret access key", { exact: true }).fill("wrong");
        await page.getByLabel("Secret access key", { exact: true }).blur();
        await expect(page.getByText("It should look like fm_live_0123456789.")).toBeVisible();
        await expect(page.getByRole("link", { name: /^Where do I find this\? \(Subdomain\)/ })).toHaveAttribute(
            "href",
            "https://docs.example.com/fieldmaster#subdomain",
        );
        await page.getByLabel("Secret access key", { exact: true }).fill("fm_live_1");
        await page.getByLabel("Plan", { exact: true }).selectOption("pro");
        await send(page).click();
        await expect(heading(page)).toHaveText("Fieldmaster Enterprise is connected");
        const [{ connection_id }] = await stage.rest.connections(stage.rich);
        expect(await stage.rest.connection(stage.rich, connection_id)).toMatchObject({
            connection_config: { region: "eu-central-1", subdomain: "acme", plan: "pro" },
        });
    });

    test("more than a form can take is refused in words", async ({ page, stage, watch }) => {
        watch.pardon(/413|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/);
        for (const size of [20_000, 4_000_000]) {
            await page.goto(await link(stage, [stage.apiKey]));
            await page.getByLabel("Acme API key").evaluate((input, size) => {
                (input as HTMLInputElement).value = `acme_live_${"a".repeat(size)}`;
            }, size);
            await send(page).click();
            await expect(page.getByText("That is more than this form can take.")).toBeVisible();
        }
    });

    test("a page that is loaded anew says that it has forgotten who it is for", async ({ page, stage }) => {
        await page.goto(await link(stage, [stage.apiKey, stage.open]));
        await page.locator("a[data-choose]").filter({ hasText: "API key" }).click();
        await page.getByLabel("Acme API key").waitFor();
        await page.reload();
        await expect(heading(page)).toHaveText("This page was reloaded");
        await page.goBack();
        await expect(heading(page)).toHaveText("This page was reloaded");
        expect(page.url()).not.toContain("session_token");
        expect(await page.evaluate(() => [sessionStorage.length, localStorage.length])).toEqual([0, 0]);
    });

    test("a form sent before the script ran is mended with it, and its address is a page", async ({ page, stage, watch }) => {
        watch.pardon(/422|ERR_FAILED/);
        await page.route("**/connect.js*", (route) => route.abort(), { times: 1 });
        await page.goto(await link(stage, [stage.rich], { lang: "de" }));
        await page.locator('[name="params.subdomain"]').fill("acme");
        await page.locator('[name="params.tenant"]').fill("not-a-uuid");
        await page.locator('[name="credentials.api_key"]').fill("fm_live_1");
        await send(page).click();
        await expect(page.getByRole("alert")).toContainText("UUID");
        expect(new URL(page.url()).pathname).toBe("/connect/ui/");
        expect(page.url()).not.toContain("session_token");

        await page.locator('[name="params.tenant"]').fill("");
        await page.locator('[name="credentials.api_key"]').fill("fm_live_1");
        await send(page).click();
        await expect(heading(page)).toHaveText("Fieldmaster Enterprise ist verbunden");
        await page.reload();
        await expect(heading(page)).toHaveText("Diese Seite wurde neu geladen");
    });

    test("a try that failed before the script ran is tried again with it", async ({ page, stage, watch }) => {
        watch.pardon(/422|ERR_FAILED/);
        await page.route("**/connect.js*", (route) => route.abort(), { times: 1 });
        await page.goto(await link(stage, [stage.apiKey]));
        await page.getByLabel("Acme API key").fill("acme_test_refused");
        await send(page).click();
        await page.getByRole("link", { name: "Try again" }).click();
        await page.getByLabel("Acme API key").fill(DEMO.apiKey);
        await send(page).click();
        await expect(heading(page)).toHaveText("Acme (API key) is connected");
    });

    test("who was told to wait goes on where they were", async ({ page, stage, watch }) => {
        watch.pardon(/429/);
        const basic = await stage.rest.createAcme(stage.acme, "acme-basic");
        const busy = new URL(await stage.busy());
        const authorization = `Bearer ${busy.searchParams.get("session_token")}`;
        busy.search = new URLSearchParams({ integration: basic }).toString();
        const told = await fetch(busy, { headers: { authorization, "terapi-view": "1" } });
        expect(told.status).toBe(429);
        const view = { status: 429, contentType: "text/html", headers: { "terapi-view": "1" }, body: await told.text() };
        await page.route("**/connect/ui/start*", (route) => route.fulfill(view), { times: 1 });
        await page.goto(await link(stage, [basic, stage.open], { integration: basic }));
        await page.getByLabel("Acme user name").fill(DEMO.user);
        await page.locator("input[type=password]").fill(DEMO.password);
        await send(page).click();
        await expect(heading(page)).toHaveText("Very busy right now");
        await page.getByRole("link", { name: "Try again" }).click();
        await expect(page.getByLabel("Acme user name")).toHaveValue(DEMO.user);
        await page.locator("input[type=password]").fill(DEMO.password);
        await send(page).click();
        await expect(heading(page)).toContainText("is connected");
    });

    test("where the browser allows no window, the same one goes to the provider", async ({ page, stage }) => {
        const oauth = await stage.rest.createAcme(stage.acme);
        await page.goto(await link(stage, [oauth]));
        await page.evaluate(() => void (window.open = () => null));
        await send(page).click();
        await page.getByRole("button", { name: "Continue in this window" }).click();
        await page.getByRole("button", { name: "Allow" }).click();
        await expect(page.getByRole("heading", { name: "Connected" })).toBeVisible();
        expect(await stage.rest.connections(oauth)).toHaveLength(1);
    });

    test("a key is taken without the blanks that were copied with it", async ({ page, stage }) => {
        await page.goto(await link(stage, [stage.apiKey]));
        await page.getByLabel("Acme API key").fill(` ${DEMO.apiKey} `);
        await send(page).click();
        await expect(heading(page)).toHaveText("Acme (API key) is connected");
    });

    test("who tries again finds what was typed, but for secrets", async ({ page, stage, watch }) => {
        watch.pardon(/422/);
        const basic = await stage.rest.createAcme(stage.acme, "acme-basic");
        await page.goto(await link(stage, [basic]));
        await page.getByLabel("Acme user name").fill("ada");
        const password = page.locator("input[type=password]");
        await password.fill("wrong");
        await send(page).click();
        await page.getByRole("link", { name: "Try again" }).click();
        await expect(page.getByLabel("Acme user name")).toHaveValue("ada");
        await expect(password).toHaveValue("");
        await expect(password).toBeFocused();
    });

    test("without a token the page says where it belongs", async ({ page, stage }) => {
        await page.goto(`${stage.url}/connect/ui/`);
        await expect(heading(page)).toHaveText("Open this page from an app");
    });

    test("the preview shows settings at once, and nobody can send it", async ({ page, stage }) => {
        // The dashboard shows it in a frame of its own origin.
        await page.route(`${stage.url}/dashboard`, (route) =>
            route.fulfill({ contentType: "text/html", body: "<!doctype html><title>Dashboard</title><iframe id=preview src='/connect/ui/?preview=1&embedded=1'></iframe>" }),
        );
        await page.goto(`${stage.url}/dashboard`);
        const ui = page.frameLocator("#preview");
        await expect(heading(ui)).toHaveText("Connect Acme");
        const settings = (primary: string, productName: string) => ({
            showWatermark: false,
            defaultTheme: "light",
            theme: { light: { primary }, dark: { primary } },
            productName,
        });
        const post = (payload: object) =>
            page.evaluate((payload) => {
                const frame = document.querySelector("iframe")!;
                frame.contentWindow!.postMessage({ type: "settings_changed", payload }, location.origin);
            }, payload);
        await post(settings("#7700ff", "Analytical Engines"));
        await expect(ui.getByText("Analytical Engines", { exact: true })).toBeVisible();
        await expect(send(ui)).toHaveCSS("background-color", "rgb(119, 0, 255)");
        await expect(send(ui)).toHaveCSS("color", "rgb(255, 255, 255)");
        await expect(ui.getByText("Secured by Terapi")).toBeHidden();
        await post(settings("#ffd60a", "Engines"));
        await expect(send(ui)).toHaveCSS("background-color", "rgb(255, 214, 10)");
        await expect(send(ui)).toHaveCSS("color", "rgb(0, 0, 0)");
        await expect(ui.locator("[data-form]")).toHaveAttribute("inert", "");
    });
});

test("the first view is at most 25 kB, compressed, and needs no wasm", async ({ page, stage }) => {
    const { brotliCompressSync } = await import("node:zlib");
    const parts: Promise<[string, number]>[] = [];
    page.on("response", (response) => {
        if (!response.url().startsWith(stage.url)) return;
        parts.push(response.body().then((body) => [new URL(response.url()).pathname, brotliCompressSync(body).length]));
    });
    await page.goto(await link(stage, [stage.rich]));
    await page.waitForLoadState("networkidle");
    const sizes = await Promise.all(parts);
    expect(sizes.map(([path]) => path).filter((path) => path.endsWith(".wasm"))).toEqual([]);
    expect(sizes.length).toBeGreaterThanOrEqual(3);
    expect(sizes.reduce((sum, [, size]) => sum + size, 0), JSON.stringify(sizes)).toBeLessThanOrEqual(25_000);
});
