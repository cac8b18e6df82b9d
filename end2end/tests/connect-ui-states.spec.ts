// What is asked of every state of the Connect UI: nothing that axe can find, in either theme and on any screen, and
// nothing clipped on a phone, be the language longer by two fifths or written from the right.
import { clipped, violations } from "../support/checks.ts";
import { CONNECT_VIEWS, shownIn } from "../support/connect-views.ts";
import { expect, test } from "../support/stage.ts";

const SCREENS = [
    [1440, 900],
    [360, 740],
] as const;

for (const view of CONNECT_VIEWS) {
    test(`the Connect UI’s “${view.name}” can be read and used by everybody`, async ({ page, stage, watch }) => {
        test.setTimeout(60_000);
        watch.pardon(/Failed to load resource/);
        await page.setViewportSize({ width: 1440, height: 900 });
        await view.open(page, stage, {});
        const ui = shownIn(page);
        await expect(ui.getByRole("heading", { level: 1 })).toHaveCount(1);
        expect(await ui.title()).toMatch(/\S/);
        for (const [width, height] of SCREENS) {
            await page.setViewportSize({ width, height });
            for (const colorScheme of ["light", "dark"] as const) {
                await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
                expect.soft(await violations(page), `${colorScheme}, ${width} px`).toEqual([]);
            }
        }
        expect.soft(await clipped(ui), "360 px").toEqual([]);
        const moving = await ui.evaluate(() => document.getAnimations().length);
        expect.soft(moving, "what moves although less motion is wanted").toBe(0);
    });

    test(`the Connect UI’s “${view.name}” fits a phone in long words and from the right`, async ({ page, stage, watch }) => {
        test.setTimeout(60_000);
        watch.pardon(/Failed to load resource/);
        for (const lang of ["en-XA", "ar-XB"]) {
            await page.unrouteAll();
            await page.setViewportSize({ width: 360, height: 740 });
            await view.open(page, stage, { lang, pseudo: "1" });
            const ui = shownIn(page);
            await expect(ui.locator("html")).toHaveAttribute("dir", lang === "ar-XB" ? "rtl" : "ltr");
            // What is not translated has no accents.
            await expect(ui.getByRole("heading", { level: 1 })).toContainText(/^\[.*\]$/);
            expect.soft(await clipped(ui), lang).toEqual([]);
        }
    });
}
