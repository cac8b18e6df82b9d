// The log helps to find out what happened, and gives nothing away to whoever reads it.
import { DEMO } from "../support/acme.ts";
import { environmentOf, owner } from "../support/account.ts";
import { Rest } from "../support/rest.ts";
import { signIn } from "../support/sign-in.ts";
import { Terapi } from "../support/terapi.ts";
import { expect, test } from "../support/test.ts";

test("nothing secret of a whole authorization is in the log, however much is logged", async ({ acme, page }) => {
    const terapi = await Terapi.prepare({ environment: { TERAPI_LOG: "debug" } });
    try {
        const setupLink = await setupLinkOf(terapi);
        const account = terapi.bootstrap(owner);
        await terapi.start();
        const dev = environmentOf(account, "dev");
        const rest = new Rest(terapi.url, dev.secret_key);
        const asked: URL[] = [];
        page.on("request", (request) => asked.push(new URL(request.url())));

        const oauth = await rest.createAcme(acme);
        const { token } = await rest.openSession(oauth);
        await page.goto(`${terapi.url}/oauth/connect/${oauth}?connect_session_token=${token}`);
        await page.getByRole("button", { name: "Allow" }).click();
        await expect(page.getByRole("heading", { level: 1 })).toHaveText("Connected");
        const [{ connection_id }] = (await rest.connections(oauth)) as [{ connection_id: string }];
        const flags = { force_refresh: "true", refresh_token: "true" };
        const { credentials } = await rest.connection(oauth, connection_id, flags);
        await acme.script({ refresh_once: [{ kind: "error", status: 400, error: "invalid_grant" }] });
        await rest.call("GET", `/connections/${connection_id}?provider_config_key=${oauth}&force_refresh=true`);
        const apiKey = await rest.createAcme(acme, "acme-api-key");
        await rest.connectWithKey(apiKey);
        const session = await signIn(terapi.url, owner);

        const callback = asked.find(({ pathname }) => pathname === "/oauth/callback");
        const log = terapi.running.output;
        const secrets = {
            "client secret": DEMO.clientSecret,
            "access token": credentials.access_token,
            "refresh token": credentials.refresh_token,
            "authorization code": callback?.searchParams.get("code"),
            state: callback?.searchParams.get("state"),
            "API key of a customer": DEMO.apiKey,
            "session token": token,
            "secret key": dev.secret_key,
            "signing key": dev.webhook_signing_key,
            password: owner.password,
            "operator's session": session.value,
            "setup token": setupLink.split("/").at(-1),
        };
        expect(log).toContain(oauth);
        for (const [name, secret] of Object.entries(secrets)) {
            expect(secret, name).toMatch(/^.{8,}/);
            expect.soft(log.includes(secret as string), `the ${name} is in the log`).toBe(false);
        }
    } finally {
        await terapi.end();
    }
});

/** Opens the setup link once, and forgets the lines in which the server printed it. */
async function setupLinkOf(terapi: Terapi): Promise<string> {
    await terapi.start();
    const link = terapi.setupLink;
    expect((await fetch(link)).status).toBe(200);
    await terapi.running.stop();
    terapi.dropPrinted(link);
    return link;
}
