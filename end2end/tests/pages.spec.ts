// What is asked of every page, in every state it has: a heading, no violation that axe can find in either theme, a
// way past the navigation by keyboard, and no sideways scrolling on a narrow screen.
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";

import { url } from "../support/instance.ts";
import { expect, test } from "../support/furnished.ts";
import { VIEWS } from "../support/views.ts";

const STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** What axe finds. The theme changes colours and nothing else, so the dark one is asked for those alone. */
async function violations(page: Page, colorScheme: "light" | "dark"): Promise<string[]> {
    const axe = new AxeBuilder({ page }).setLegacyMode();
    if (colorScheme === "dark") axe.withRules(["color-contrast"]);
    else axe.withTags(STANDARDS);
    const { violations } = await axe.analyze();
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} (${node.failureSummary})`));
}

/** What makes the page wider than its window; parts that scroll by themselves do not. */
function tooWide(page: Page): Promise<string[]> {
    return page.evaluate(() => {
        const width = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth <= width) return [];
        const wide = [...document.querySelectorAll("body *")].filter((element) => {
            if (element.getBoundingClientRect().right <= width) return false;
            for (let around = element.parentElement; around !== null; around = around.parentElement) {
                if (around !== document.documentElement && getComputedStyle(around).overflowX !== "visible") return false;
            }
            return true;
        });
        return wide.slice(0, 5).map((element) => element.outerHTML.slice(0, 200));
    });
}

for (const view of VIEWS) {
    test(`the page “${view.name}” can be read and used by everybody`, async ({ page, place, context }) => {
        if (view.long) test.setTimeout(120_000);
        if (view.signedIn) await context.addCookies([{ ...place.ownerSession, url }]);
        await page.setViewportSize({ width: 1280, height: 900 });
        await view.open(page, place);

        await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
        await expect(page).toHaveTitle(/\S/);
        if (view.signedIn && view.untouched) await expectSkipLink(page);
        for (const width of [1280, 390]) {
            await page.setViewportSize({ width, height: 900 });
            // What sticks to the window must not happen to lie beside something that scrolled under it.
            await page.evaluate(() => window.scrollTo(0, 0));
            for (const colorScheme of ["light", "dark"] as const) {
                await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
                expect.soft(await violations(page, colorScheme), `${colorScheme}, ${width} px`).toEqual([]);
            }
        }
        await page.setViewportSize({ width: 360, height: 800 });
        expect.soft(await tooWide(page), "what sticks out at 360 px").toEqual([]);
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

test("the menu of a narrow page closes when the keyboard leaves it", async ({ page, signedIn: _ }) => {
    await page.setViewportSize({ width: 360, height: 800 });
    await page.goto(`${url}/app/dev/integrations`);
    const entry = page.getByRole("link", { name: "Connections" });
    await page.locator("summary").filter({ hasText: "Menu" }).press("Enter");
    await expect(entry).toBeVisible();
    await entry.press("Tab");
    await expect(entry, "the focus is still inside").toBeVisible();
    await page.getByRole("button", { name: "Dark" }).focus();
    await expect(entry).toBeHidden();
    await expect(page.getByRole("button", { name: "Dark" })).toBeFocused();
});
