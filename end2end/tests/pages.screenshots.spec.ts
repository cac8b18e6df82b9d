// Pictures of every page, to be looked at: ./dev screenshots.
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { url } from "../support/instance.ts";
import { test } from "../support/furnished.ts";
import { VIEWS } from "../support/views.ts";

const FOLDER = join(import.meta.dirname, "../screenshots");

for (const view of VIEWS) {
    test(`the page “${view.name}” is photographed`, async ({ page, place, context }) => {
        mkdirSync(FOLDER, { recursive: true });
        if (view.signedIn) await context.addCookies([{ ...place.ownerSession, url }]);
        await page.emulateMedia({ reducedMotion: "reduce" });
        await page.setViewportSize({ width: 1440, height: 900 });
        await view.open(page, place);
        for (const [width, height] of [
            [1440, 900],
            [360, 740],
        ] as const) {
            await page.setViewportSize({ width, height });
            for (const colorScheme of ["light", "dark"] as const) {
                await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
                // What sticks to the window is then where it is on arrival.
                await page.evaluate(() => window.scrollTo(0, 0));
                const path = join(FOLDER, `${view.name.replaceAll(/[^\w]+/g, "-")}.${width}.${colorScheme}.png`);
                // A page of a hundred screens is more than a picture can hold.
                await page.screenshot({ path, fullPage: !view.long, animations: "disabled" });
            }
        }
    });
}
