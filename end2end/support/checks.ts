// What can be measured of any page.
import { AxeBuilder } from "@axe-core/playwright";
import type { Frame, Page } from "@playwright/test";

const STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** What axe finds, by WCAG 2.2 AA. */
export async function violations(page: Page): Promise<string[]> {
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().withTags(STANDARDS).analyze();
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} (${node.failureSummary})`));
}

/** What sticks out of the window, or of the box that cuts it off. */
export function clipped(page: Page | Frame): Promise<string[]> {
    return page.evaluate(() => {
        const width = document.documentElement.clientWidth;
        const offences: string[] = [];
        if (document.documentElement.scrollWidth > width) offences.push(`the page is ${document.documentElement.scrollWidth} px wide`);
        for (const element of document.querySelectorAll<HTMLElement>("body *")) {
            const box = element.getBoundingClientRect();
            if (box.width === 0 || box.height === 0 || element.closest(".sr-only, template, [hidden], option, svg, noscript")) continue;
            const label = element.outerHTML.slice(0, 160);
            if (box.right > width + 0.5 || box.left < -0.5) offences.push(`out of the window: ${label}`);
            // Inputs scroll what is typed, and that is no fault.
            if (["INPUT", "SELECT"].includes(element.tagName)) continue;
            const style = getComputedStyle(element);
            if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0 && style.display !== "inline") {
                offences.push(`wider than its box by ${element.scrollWidth - element.clientWidth} px: ${label}`);
            }
            if (style.overflowY === "hidden" && element.scrollHeight > element.clientHeight + 1) {
                offences.push(`cut off below: ${label}`);
            }
        }
        return offences.slice(0, 8);
    });
}
