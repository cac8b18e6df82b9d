// Tests with a place whose pages have something to show (support/views.ts), furnished once a worker.
import { withAcme } from "./acme-program.ts";
import { damage } from "./damaged.ts";
import { dev, url } from "./instance.ts";
import { Rest } from "./rest.ts";
import { Terapi } from "./terapi.ts";
import { test as base } from "./test.ts";
import { furnish, type Place } from "./views.ts";

export { expect } from "./test.ts";

export const test = base.extend<{}, { place: Place }>({
    place: [
        async ({ browser, ownerSession }, use) => {
            const empty = await Terapi.start();
            try {
                await withAcme(async (acme) => {
                    const rest = new Rest(url, dev.secret_key);
                    const damaged = await damage(acme);
                    try {
                        await use(await furnish({ empty, damaged, acme, rest, ownerSession }, browser));
                    } finally {
                        await damaged.terapi.end();
                    }
                });
            } finally {
                await empty.end();
            }
        },
        { scope: "worker" },
    ],
});
