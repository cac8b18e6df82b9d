// An instance whose public URL has a path, behind both kinds of proxy. Nothing but the path leads to it.
import type { Page } from "@playwright/test";

import { Sites, Visit } from "../matrix/site.ts";
import { environmentOf, owner } from "../support/account.ts";
import { connect, createIntegration, fetchWithNewKey, openFromMenu, openSettings, setUp } from "../support/main-job.ts";
import { ModulePage, ModuleSite } from "../support/module-site.ts";
import { PathProxy, type Manner } from "../support/path-proxy.ts";
import { Rest } from "../support/rest.ts";
import { Terapi } from "../support/terapi.ts";
import { expect, test as base } from "../support/test.ts";

interface Beneath {
    proxy: PathProxy;
    terapi: Terapi;
    /** `dev`, after `bootstrap`. */
    bootstrap(): Promise<Rest>;
}

const test = base.extend<{ manner: Manner; beneath: Beneath }, { sites: Sites }>({
    manner: ["passes the path on", { option: true }],
    sites: [
        async ({}, use) => {
            const sites = await Sites.open();
            await use(sites);
            await sites.close();
        },
        { scope: "worker" },
    ],
    beneath: async ({ manner, context }, use) => {
        const proxy = await PathProxy.open("/terapi", manner);
        const terapi = await Terapi.prepare({ environment: { TERAPI_PUBLIC_URL: proxy.url } });
        proxy.leadTo(terapi.url);
        const bootstrap = async () => {
            const account = terapi.bootstrap(owner);
            await terapi.start();
            return new Rest(proxy.url, environmentOf(account, "dev").secret_key);
        };
        try {
            await use({ proxy, terapi, bootstrap });
            expect(proxy.strays, "every address is beneath the path").toEqual([]);
        } finally {
            // Whoever still loads something would be cut off.
            for (const page of context.pages()) await page.close();
            await proxy.close();
            await terapi.end();
        }
    },
});

/** Presses Allow at Acme, and waits for the popup to close. */
async function allow(popup: Page): Promise<void> {
    const closed = popup.waitForEvent("close");
    await popup.getByRole("button", { name: "Allow" }).click();
    await closed;
}

for (const manner of ["passes the path on", "takes the path off"] as const) {
    test.describe(`behind a proxy that ${manner}`, () => {
        test.use({ manner });

        test("a newcomer does the main job, and the dashboard's scripts work", async ({ page, context, acme, beneath }) => {
            // All of the main job, and more.
            test.slow();
            const { proxy, terapi } = beneath;
            await terapi.start();
            const place = { url: proxy.url, setupLink: terapi.setupLink };
            expect(place.setupLink).toContain(`${proxy.url}/app/~/setup/`);
            await setUp(page, place);
            await createIntegration(page, acme);
            const connectPage = await connect(page, context);
            // The waiting page asks a server function, and goes on by itself.
            await expect(page).toHaveURL(new RegExp(`^${proxy.url}/app/dev/connections/con_`), { timeout: 10_000 });
            if (!connectPage.isClosed()) await connectPage.close();
            await page.getByRole("button", { name: "Reveal" }).click();
            await expect(page.locator("[data-revealed]").first()).toBeVisible();
            await fetchWithNewKey(page, place, acme);

            await openSettings(page, "Connect UI");
            const preview = page.frameLocator("iframe");
            await expect(preview.getByRole("button", { name: "Connect" })).toBeVisible();
            await page.goto(proxy.url);
            await expect(page).toHaveURL(`${proxy.url}/app/dev`);
            await openFromMenu(page, "Logs");
            await page.goto(`${proxy.url}/docs/api`);
            await page.getByRole("link", { name: "Dashboard", exact: true }).click();
            await expect(page).toHaveURL(`${proxy.url}/app/dev`);
        });

        test("our own module and the Connect UI in its frame connect", async ({ page, acme, beneath, watch }) => {
            const rest = await beneath.bootstrap();
            const integration = await rest.createAcme(acme);
            const site = await ModuleSite.open(beneath.proxy.url);
            try {
                watch.expectCustomer(site.origin);
                await page.goto(site.origin);
                const visit = new ModulePage(page);
                const { token } = await rest.openSession(integration);
                await allow(await visit.pressForPopup({ construct: [{ connectSessionToken: token }], args: [integration, {}] }));
                const [connection] = await rest.connections(integration);
                expect((await visit.outcome()).result).toMatchObject({ connectionId: connection.connection_id });

                await page.goto(site.origin);
                const again = await rest.openSession(integration);
                const { token: connectSessionToken } = again;
                await visit.press({ construct: [{ connectSessionToken }], method: "openConnectUI", args: [{}] });
                const frame = page.frameLocator("#connect-ui");
                const popup = page.waitForEvent("popup");
                await frame.getByRole("button", { name: "Continue" }).click();
                await allow(await popup);
                await expect(frame.getByRole("button", { name: "Finish" })).toBeVisible();
                expect(await rest.connections(integration)).toHaveLength(2);
            } finally {
                await site.close();
            }
        });

        test("a link to the Connect UI leads through the provider and back", async ({ page, acme, beneath }) => {
            const rest = await beneath.bootstrap();
            const { connect_link: link } = await rest.openSession(await rest.createAcme(acme));
            expect(link).toContain(`${beneath.proxy.url}/connect/ui/?session_token=`);
            await page.goto(link);
            const popup = page.waitForEvent("popup");
            await page.getByRole("button", { name: "Continue" }).click();
            await allow(await popup);
            await expect(page.getByRole("heading", { name: /connected/i })).toBeVisible();
        });

        // The two oldest take the socket's path from `host`; since 0.24.13 it has to be said.
        for (const version of ["0.9.0", "0.21.17", "0.71.10"]) {
            test(`@nangohq/frontend ${version} hears of its connection`, async ({ page, acme, beneath, sites, watch }) => {
                watch.expectCustomer(sites.origin);
                const rest = await beneath.bootstrap();
                const integration = await rest.createAcme(acme);
                const { token } = await rest.openSession(integration);
                const host = beneath.proxy.url;
                const isNew = version === "0.71.10";
                const visit = new Visit(page, sites.origin, version);
                await visit.begin();
                const popup = await visit.pressForPopup({
                    settings: isNew
                        ? { host, websocketsPath: "/terapi", connectSessionToken: token }
                        : { host, publicKey: token },
                    method: "auth",
                    args: isNew ? [integration] : [integration, "$undefined"],
                });
                await allow(popup);
                const [connection] = await rest.connections(integration);
                expect((await visit.outcome()).result).toMatchObject({
                    providerConfigKey: integration,
                    connectionId: connection.connection_id,
                });
            });
        }

        test("@nangohq/frontend 0.71.10 opens the Connect UI", async ({ page, acme, beneath, sites, watch }) => {
            watch.expectCustomer(sites.origin);
            const rest = await beneath.bootstrap();
            const integration = await rest.createAcme(acme);
            const { token } = await rest.openSession(integration);
            const host = beneath.proxy.url;
            const visit = new Visit(page, sites.origin, "0.71.10");
            await visit.begin();
            await visit.press({
                settings: { host },
                method: "openConnectUI",
                args: [{ sessionToken: token, baseURL: `${host}/connect/ui`, apiURL: host }],
            });
            const frame = page.frameLocator("iframe#connect-ui");
            const popup = page.waitForEvent("popup");
            await frame.getByRole("button", { name: "Continue" }).click();
            await allow(await popup);
            await expect(frame.getByRole("button", { name: "Finish" })).toBeVisible();
            const [connection] = await rest.connections(integration);
            const events = await visit.events();
            expect(events.find(({ type }) => type === "connect")?.payload).toMatchObject({
                connectionId: connection.connection_id,
            });
        });
    });
}
