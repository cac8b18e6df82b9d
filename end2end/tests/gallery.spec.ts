// The catalogue of providers, searched while somebody types. Without scripts it is searched by sending the box, which
// main-job.nojs.spec.ts does.
import { url } from "../support/instance.ts";
import { expect, test } from "../support/test.ts";

test("the catalogue is narrowed while typing, and says how much is left", async ({ page, signedIn: _ }) => {
    await page.goto(`${url}/app/dev/integrations/new`);
    const search = page.getByRole("searchbox");
    const cards = page.locator("[data-name]:visible");
    const said = page.getByRole("status").filter({ hasText: /provider/i });
    const popular = page.getByRole("heading", { name: "Popular" });
    await expect(search).toBeFocused();
    const all = await cards.count();
    await expect(said).toHaveText(`${all} providers`);

    await page.keyboard.type("GITH");
    await expect(cards).toHaveCount(1);
    await expect(cards).toContainText("GitHub");
    await expect(said).toHaveText("1 provider");
    await expect(popular).toBeHidden();
    // A category takes along what is typed.
    const every = page.getByRole("navigation", { name: "Categories" }).getByRole("link").first();
    await expect(every).toHaveAttribute("href", /\/integrations\/new\?search=GITH$/);

    // Every word, in any order; the generic entries are among what is searched.
    await search.fill("generic  oauth");
    await expect(cards).toHaveCount(1);
    await expect(cards).toContainText("OAuth 2.0 (generic)");
    await search.fill("oauth generic");
    await expect(cards).toHaveCount(1);
    await expect(cards).toContainText("OAuth 2.0 (generic)");

    // Nothing is called this; Enter looks for what is spelled alike.
    await search.fill("gihtub");
    await expect(said).toHaveText("No provider found");
    await expect(page.getByRole("heading", { name: "No provider found" })).toBeVisible();
    await expect(page.getByText("Enter looks for similar names")).toBeVisible();
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/search=gihtub/);
    await expect(cards).toHaveCount(1);
    await expect(cards).toContainText("GitHub");

    await search.fill("");
    await expect(cards).toHaveCount(all);
    await expect(said).toHaveText(`${all} providers`);
    await expect(popular).toBeVisible();
    await expect(every).toHaveAttribute("href", /\/integrations\/new$/);

    // Where Enter has found nothing either, nothing says that it would, until something else is typed.
    await search.fill("zzzzzz");
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/search=zzzzzz/);
    await expect(said).toHaveText("No provider found");
    await expect(page.getByText("called this or like this")).toBeVisible();
    await search.fill("gihtub");
    await expect(page.getByText("called this or like this")).toBeHidden();
    await expect(page.getByText("Enter looks for similar names")).toBeVisible();
});

test("what was typed before the scripts ran narrows the catalogue too", async ({ page, signedIn: _ }) => {
    let go = () => {};
    const held = new Promise<void>((done) => (go = done));
    await page.route("**/pkg/*.wasm", async (route) => {
        await held;
        await route.continue();
    });
    await page.goto(`${url}/app/dev/integrations/new`, { waitUntil: "commit" });
    await page.getByRole("searchbox").fill("github");
    go();
    await expect(page.locator("[data-name]:visible")).toHaveCount(1);
});
