// Every attempt is in the log, and what a failure page calls its reference finds it.
import { url } from "../support/instance.ts";
import { expect, test } from "../support/test.ts";

test("a refused authorization is found by the reference on its page, which says what to do", async ({ page, acme, rest, signedIn: _ }) => {
    await acme.script({ deny: { description: "<b>The user</b> said no" } });
    const integration = await rest.createAcme(acme);
    const { token } = await rest.openSession(integration, { end_user: { id: "user-42", display_name: "Grace Hopper" } });
    await page.goto(`${url}/oauth/connect/${integration}?connect_session_token=${token}`);
    await expect(page.getByRole("heading", { level: 1 })).not.toHaveText("Connected");
    const reference = /opn_[0-9a-zA-Z]+/.exec(await page.getByRole("main").innerText())?.[0] ?? "";
    expect(reference).not.toBe("");

    await page.goto(`${url}/app/dev/logs`);
    await page.getByLabel("Reference or connection ID").fill(` ${reference} `);
    await page.getByRole("button", { name: "Filter" }).click();
    await expect(page).toHaveURL(`${url}/app/dev/logs/${reference}`);
    const main = page.getByRole("main");
    await expect(main.getByText("Failed", { exact: true })).toBeVisible();
    await expect(main.getByText("access_denied").first()).toBeVisible();
    await expect(main.getByText("<b>The user</b> said no").first()).toBeVisible();
    await expect(main.getByText("The user, or an administrator of theirs, declined.")).toBeVisible();
    await expect(main.getByText("Grace Hopper")).toBeVisible();
    await expect(main.getByRole("link", { name: integration })).toBeVisible();

    const step = main.getByRole("listitem").filter({ has: page.locator("details") }).first();
    await step.getByText("Details").click();
    await expect(step.getByLabel("Details")).toBeVisible();
});

test("the log is filtered by state, integration and connection, and the address keeps it", async ({ page, acme, rest, signedIn: _ }) => {
    const integration = await rest.createAcme(acme, "acme-api-key");
    const connection = await rest.connectWithKey(integration);
    await rest.openSession(integration);

    await page.goto(`${url}/app/dev/logs`);
    await page.getByLabel("Integration").selectOption(integration);
    await page.getByLabel("Status").selectOption("Succeeded");
    await page.getByRole("button", { name: "Filter" }).click();
    const rows = page.getByRole("table").getByRole("row");
    await expect(rows).toHaveCount(2);
    await page.reload();
    await expect(rows).toHaveCount(2);
    await expect(page.getByLabel("Integration")).toHaveValue(integration);

    await page.getByLabel("Reference or connection ID").fill("somebody else's");
    await page.getByRole("button", { name: "Filter" }).click();
    await expect(page.getByRole("heading", { name: "Nothing found" })).toBeVisible();
    await page.getByRole("link", { name: "Clear filters" }).last().click();
    await expect(page).toHaveURL(`${url}/app/dev/logs`);

    await page.goto(`${url}/app/dev/connections?integration=${integration}`);
    await page.getByRole("table").getByRole("link").first().click();
    await page.getByRole("main").getByRole("link", { name: "Logs" }).click();
    await expect(page.getByLabel("Reference or connection ID")).toHaveValue(connection);
    await rows.getByRole("link").first().click();
    await expect(page.getByRole("main").getByText("Succeeded", { exact: true })).toBeVisible();
    await page.getByRole("link", { name: connection }).click();
    await expect(page).toHaveURL(/\/app\/dev\/connections\/con_/);
});

test("a reference that nobody knows is said to be unknown", async ({ page, signedIn: _ }) => {
    await page.goto(`${url}/app/dev/logs`);
    await page.getByLabel("Reference or connection ID").fill("opn_nothing");
    await page.getByRole("button", { name: "Filter" }).click();
    await expect(page.getByRole("alert")).toContainText("No operation of this environment has the reference “opn_nothing”");
});
