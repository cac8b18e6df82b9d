// What is asked of every page, in every state it has: a heading, no violation that axe can find in either theme, a
// way past the navigation by keyboard, and no sideways scrolling on a narrow screen.
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";

import { url } from "../support/instance.ts";
import { expect, test } from "../support/furnished.ts";
import { VIEWS } from "../support/views.ts";

const STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

async function violations(page: Page): Promise<string[]> {
    const { violations } = await new AxeBuilder({ page }).withTags(STANDARDS).analyze();
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} (${node.failureSummary})`));
}

for (const view of VIEWS) {
    test(`the page “${view.name}” can be read and used by everybody`, async ({ page, place, context }) => {
        if (view.signedIn) await context.addCookies([{ ...place.ownerSession, url }]);
        await page.emulateMedia({ reducedMotion: "reduce" });
        await page.setViewportSize({ width: 1280, height: 900 });
        await view.open(page, place);

        await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
        await expect(page).toHaveTitle(/\S/);
        for (const width of [1280, 390]) {
            await page.setViewportSize({ width, height: 900 });
            for (const colorScheme of ["light", "dark"] as const) {
                await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
                expect.soft(await violations(page), `${colorScheme}, ${width} px`).toEqual([]);
            }
        }

        await page.setViewportSize({ width: 360, height: 800 });
        const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect.soft(sideways, "pixels to the side at 360 px").toBeLessThanOrEqual(0);

        await page.setViewportSize({ width: 1280, height: 900 });
        if (view.signedIn) await expectSkipLink(page);
    });
}

/** One stop of the Tab key to the main content, unless the focus is there already. */
async function expectSkipLink(page: Page): Promise<void> {
    const inMain = () => page.evaluate(() => document.activeElement?.closest("main") !== null);
    if (await inMain()) return;
    await page.keyboard.press("Tab");
    const skip = page.getByRole("link", { name: "Skip to content" });
    await expect(skip).toBeFocused();
    await expect(skip).toBeInViewport();
    await page.keyboard.press("Enter");
    await expect.poll(inMain).toBe(true);
}
