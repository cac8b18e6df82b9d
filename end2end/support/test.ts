// What every browser test starts with: `test` and `expect` of Playwright, with a browser that is watched, an Acme of
// the test's own, and, where asked for, an operator who is signed in.
import { test as base } from "@playwright/test";

import { owner } from "./account.ts";
import type { Acme } from "./acme.ts";
import { withAcme } from "./acme-program.ts";
import { CustomerPage, CustomerSite } from "./customer.ts";
import { dev, url } from "./instance.ts";
import { Rest } from "./rest.ts";
import { signIn, type SessionCookie } from "./sign-in.ts";
import { Watch } from "./watch.ts";

interface PerTest {
    /** Fails the test when the browser misbehaved (support/watch.ts). */
    watch: Watch;
    /** A provider that no other test can script. */
    acme: Acme;
    /** The `dev` environment by its secret key. */
    rest: Rest;
    /** Signs the context in as the owner of the instance of the whole run. */
    signedIn: void;
    /** A page of somebody who embeds the browser SDK, on an origin of their own. */
    customer: CustomerPage;
}

interface PerWorker {
    ownerSession: SessionCookie;
    customerSite: CustomerSite;
}

export const test = base.extend<PerTest, PerWorker>({
    watch: [
        async ({ context }, use) => {
            const watch = new Watch(context);
            await use(watch);
            expect(watch.offences, "the browser did what it must never do").toEqual([]);
        },
        { auto: true },
    ],
    acme: async ({}, use) => withAcme(use),
    rest: async ({}, use) => use(new Rest(url, dev.secret_key)),
    ownerSession: [async ({}, use) => use(await signIn(url, owner)), { scope: "worker" }],
    signedIn: async ({ context, ownerSession }, use) => {
        await context.addCookies([{ ...ownerSession, url }]);
        await use();
    },
    customerSite: [
        async ({}, use) => {
            const site = await CustomerSite.open();
            await use(site);
            await site.close();
        },
        { scope: "worker" },
    ],
    customer: async ({ page, watch, customerSite }, use) => {
        watch.expectCustomer(customerSite.origin);
        await page.goto(customerSite.origin);
        await use(new CustomerPage(page));
    },
});

export const expect = test.expect;
