// The reference of the API: its contents say where its reader is.
import { url } from "../support/instance.ts";
import { expect, test } from "../support/test.ts";

test("the contents mark what is being read, and keep it in sight", async ({ page }) => {
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.goto(`${url}/docs/api`);
    const contents = page.getByRole("navigation", { name: "Contents" });
    const current = contents.locator("[aria-current=location]");
    const operations = page.locator("main section section");
    for (const nth of [0, 7, (await operations.count()) - 1, 3]) {
        const heading = operations.nth(nth).getByRole("heading", { level: 3 });
        const title = (await heading.textContent())!;
        await heading.evaluate((element) => element.scrollIntoView({ block: "start" }));
        await expect(current).toHaveCount(1);
        await expect(current).toHaveText(title);
        await expect(current).toBeInViewport();
    }
    // Its readers are never moved about by it.
    await contents.getByRole("link", { name: "Schemas" }).click();
    await expect(page.locator("#Schemas")).toBeInViewport();
    await expect(current).toHaveText("Schemas");
});
