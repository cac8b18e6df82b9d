// Pictures of every state of the Connect UI, to be looked at: ./dev screenshots.
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { CONNECT_VIEWS } from "../support/connect-views.ts";
import { test } from "../support/stage.ts";

const FOLDER = join(import.meta.dirname, "../screenshots/connect");
const KINDS = [
    ["", {}],
    [".ja", { lang: "ja" }],
    [".pseudo", { lang: "en-XA", pseudo: "1" }],
    [".rtl", { lang: "ar-XB", pseudo: "1" }],
] as const;

for (const view of CONNECT_VIEWS) {
    test(`the Connect UI’s “${view.name}” is photographed`, async ({ page, stage, watch }) => {
        test.setTimeout(60_000);
        watch.pardon(/Failed to load resource/);
        mkdirSync(FOLDER, { recursive: true });
        for (const [kind, extra] of KINDS) {
            await page.unrouteAll();
            await page.setViewportSize({ width: 1440, height: 900 });
            await page.emulateMedia({ reducedMotion: "reduce", colorScheme: "light" });
            await view.open(page, stage, extra);
            for (const [width, height] of [
                [1440, 900],
                [360, 740],
            ] as const) {
                if (kind !== "" && kind !== ".ja" && width > 360) continue;
                await page.setViewportSize({ width, height });
                for (const colorScheme of ["light", "dark"] as const) {
                    if (kind !== "" && colorScheme === "dark") continue;
                    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
                    const path = join(FOLDER, `${view.name.replaceAll(/[^\w]+/g, "-")}.${width}.${colorScheme}${kind}.png`);
                    await page.screenshot({ path, fullPage: true, animations: "disabled" });
                }
            }
        }
    });
}
