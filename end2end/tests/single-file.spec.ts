// The program is one file: it carries its pages' files inside and needs nothing of the machine it is copied to.
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { owner } from "../support/account.ts";
import { freePort, Program, TERAPI_BINARY } from "../support/program.ts";
import { expect, test } from "../support/test.ts";

test("the program alone in an empty folder, with an empty environment, serves pages whose islands work", async ({ page, context }) => {
    const folder = mkdtempSync(join(tmpdir(), "terapi-alone-"));
    const outside = mkdtempSync(join(tmpdir(), "terapi-alone-log-"));
    copyFileSync(TERAPI_BINARY, join(folder, "terapi"));
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const program = new Program(join(folder, "terapi"), {
        args: ["serve", "--listen", `127.0.0.1:${port},[::1]:${port}`],
        environment: { PATH: "/usr/bin:/bin" },
        folder,
        log: join(outside, "log"),
    });
    try {
        await program.untilAnswering(`${url}/ready`);
        const link = program.output.match(/http:\/\/localhost:\d+\/app\/~\/setup\/\S+/)?.[0];
        await page.goto(link!);
        await page.getByLabel("Your name").fill("Ada Lovelace");
        await page.getByLabel("E-mail").fill(owner.email);
        await page.getByLabel("Password").fill(owner.password);
        await page.getByRole("button", { name: "Set up and sign in" }).click();

        await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: url });
        await page.goto(`${url}/app/dev/settings/callback`);
        await page.getByRole("button", { name: "Copy callback URL" }).click();
        await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
        expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`${url}/oauth/callback`);
        expect(readdirSync(folder).sort()).toEqual(["data", "terapi"]);
    } finally {
        await program.stop();
        for (const gone of [folder, outside]) rmSync(gone, { recursive: true, force: true });
    }
});
