// Every page of the dashboard in every state that it has, and how to get there: the same list is checked, and
// photographed. The Connect UI's are in connect-views.ts.
import type { Browser, Page } from "@playwright/test";

import type { Acme } from "./acme.ts";
import { authorize } from "./authorize.ts";
import type { Damaged } from "./damaged.ts";
import { url } from "./instance.ts";
import { uniqueKey, type Rest } from "./rest.ts";
import type { SessionCookie } from "./sign-in.ts";
import type { Terapi } from "./terapi.ts";
import { expect } from "./test.ts";

/** What there is to begin with. */
export interface Given {
    /** An instance that nobody has set up. */
    empty: Terapi;
    /** An instance that cannot read what it has stored. */
    damaged: Damaged;
    acme: Acme;
    rest: Rest;
    ownerSession: SessionCookie;
}

/** What the pages show. */
export interface Place extends Given {
    /** Integrations, by what is special about them. */
    oauth: string;
    apiKey: string;
    basic: string;
    incomplete: string;
    unused: string;
    /** Our own ids of connections. */
    connection: string;
    broken: string;
    /** Our own id of a connection without a name. */
    nameless: string;
    /** Our own id of a key that can be deleted. */
    key: string;
    /** Operations by how they went. */
    succeeded: string;
    failed: string;
    refreshFailed: string;
    running: string;
}

export interface View {
    /** In words, and as a file name. */
    name: string;
    /** Whether an operator has to be signed in. */
    signedIn: boolean;
    /** Nothing is pressed or typed on it. */
    untouched: boolean;
    /** It holds so much that looking at all of it takes its time. */
    long?: boolean;
    open(page: Page, place: Place): Promise<unknown>;
}

/** Gives the views something to show. */
export async function furnish(given: Given, browser: Browser): Promise<Place> {
    const { acme, rest, ownerSession } = given;
    await acme.script({ auto_approve: true, access_token_life: 3600 });
    const oauth = await rest.createAcme(acme, "acme", { display_name: "Acme" });
    const apiKey = await rest.createAcme(acme, "acme-api-key");
    const basic = await rest.createAcme(acme, "acme-basic");
    const unused = await rest.createAcme(acme, "acme", { display_name: "Acme, staging" });
    const connectionKey = await authorize(rest, oauth, {
        end_user: { id: "user-17", email: "ada@example.com", display_name: "Ada Lovelace", tags: { plan: "gold" } },
        organization: { id: "engines", display_name: "Analytical Engines" },
    });
    const metadata = { region: "eu", limits: { daily: 1000 } };
    await rest.must("POST", "/connections/metadata", {
        connection_id: connectionKey,
        provider_config_key: oauth,
        metadata,
    });
    const brokenKey = await authorize(rest, oauth, { end_user: { id: "user-18", display_name: "Grace Hopper" } });
    await acme.script({ refresh_once: [{ kind: "invalid_grant" }] });
    await rest.call("GET", `/connections/${brokenKey}?provider_config_key=${oauth}&force_refresh=true`);
    await rest.connectWithKey(apiKey);
    await rest.connectWithKey(apiKey, { end_user: undefined, tags: { plan: "gold" } });

    // Links of the dashboard name things by our own ids, which only the dashboard tells.
    const page = await browser.newPage();
    await page.context().addCookies([{ ...ownerSession, url }]);
    const idBehind = async (address: string, row: string): Promise<string> => {
        await page.goto(`${url}${address}`);
        const href = await page.getByRole("row", { name: row }).first().getByRole("link").first().getAttribute("href");
        return (href ?? "").split("/").at(-1) ?? "";
    };
    const connections = `/app/dev/connections?integration=${oauth}`;
    const connection = await idBehind(connections, "Ada Lovelace");
    const broken = await idBehind(connections, "Grace Hopper");
    const nameless = await idBehind(`/app/dev/connections?integration=${apiKey}`, "No end user");
    const incomplete = uniqueKey("github");
    await page.goto(`${url}/app/dev/integrations/new/github`);
    await page.getByLabel("Integration ID").fill(incomplete);
    await page.getByRole("button", { name: "Create integration" }).click();
    const keyName = uniqueKey("key");
    await page.goto(`${url}/app/dev/settings/keys`);
    await page.getByLabel("Name").fill(keyName);
    await page.getByRole("button", { name: "Create key" }).click();
    await page.goto(`${url}/app/dev/settings/keys`);
    const deleteKey = page.getByRole("row", { name: keyName }).getByRole("link", { name: "Delete" });
    const key = ((await deleteKey.getAttribute("href")) ?? "").split("/").at(-2) ?? "";
    for (const [name, value] of [["REGION", "eu-west-1"], ["PARTNER_API_BASE", "https://partner.example.com"]] as const) {
        await page.goto(`${url}/app/dev/settings/variables`);
        await page.getByLabel("Name").fill(name);
        await page.getByLabel("Value").fill(value);
        await page.getByRole("button", { name: "Set" }).click();
    }
    await page.goto(`${url}/app/dev/settings/hmac`);
    await page.getByLabel("A key of your own").fill("my-hmac-key");
    await page.getByRole("button", { name: "Save" }).click();

    await acme.script({ deny: { description: "The resource owner or authorization server denied the request." } });
    const { token } = await rest.openSession(oauth, { end_user: { id: "user-19", display_name: "Katherine Johnson" } });
    await page.goto(`${url}/oauth/connect/${oauth}?connect_session_token=${token}`);
    await acme.script({ deny: null });
    await rest.openSession(unused);
    const logs = `/app/dev/logs?integration=${oauth}`;
    const failed = await idBehind(logs, "Katherine Johnson");
    const succeeded = await idBehind(logs, "Ada Lovelace");
    const refreshFailed = await idBehind(logs, "Token refresh");
    const running = await idBehind("/app/dev/logs?state=running", "Authorization");
    await page.close();
    return {
        ...given,
        oauth,
        apiKey,
        basic,
        incomplete,
        unused,
        connection,
        broken,
        nameless,
        key,
        succeeded,
        failed,
        refreshFailed,
        running,
    };
}

type Address = string | ((place: Place) => string);

const addressOf = (address: Address, place: Place) => (typeof address === "string" ? address : address(place));

function inside(name: string, address: Address, then?: (page: Page, place: Place) => Promise<unknown>): View {
    return {
        name,
        signedIn: true,
        untouched: then === undefined,
        open: async (page, place) => {
            await page.goto(`${url}/app${addressOf(address, place)}`);
            await then?.(page, place);
        },
    };
}

function outside(name: string, open: View["open"]): View {
    return { name, signedIn: false, untouched: false, open };
}

const reveal = async (page: Page) => {
    await press("Reveal")(page);
    await page.locator("[data-revealed]").waitFor();
};

const press = (button: string) => async (page: Page) => {
    const answered = page.waitForResponse((response) => response.request().method() === "POST");
    await page.getByRole("button", { name: button }).first().click();
    await answered;
    await page.waitForLoadState();
};

async function openDetails(page: Page): Promise<void> {
    await page.getByText("Details", { exact: true }).first().click();
}

async function checkDigest(page: Page, received: string): Promise<void> {
    await page.getByLabel("Integration ID").fill("github");
    await page.getByLabel("Connection ID").fill("user-17");
    await page.getByLabel("Your backend’s digest").fill(received);
    await press("Check")(page);
}

async function typeWrongName(page: Page): Promise<void> {
    await page.getByLabel(/^Type .* to confirm$/).fill("something else");
    await press("Delete")(page);
}

export const VIEWS: View[] = [
    outside("sign in", (page) => page.goto(`${url}/app/~/sign-in`)),
    outside("sign in, refused", async (page) => {
        await page.goto(`${url}/app/~/sign-in`);
        await page.getByLabel("E-mail").fill("nobody@example.com");
        await page.getByLabel("Password").fill("not the password");
        await press("Sign in")(page);
    }),
    outside("sign up, closed", (page) => page.goto(`${url}/app/~/sign-up`)),
    outside("setup", (page, { empty }) => page.goto(empty.setupLink)),
    outside("setup, refused", async (page, { empty }) => {
        await page.goto(empty.setupLink);
        await page.getByLabel("Your name").fill("Ada Lovelace");
        await page.getByLabel("E-mail").fill("ada@example.com");
        await page.getByLabel("Password").fill("short");
        await press("Set up")(page);
    }),
    outside("setup link, used up", (page) => page.goto(`${url}/app/~/setup/used-up`)),
    inside("getting started", "/dev"),
    inside("getting started, empty", "/prod"),
    inside("integrations", "/dev/integrations"),
    inside("integrations, empty", "/prod/integrations"),
    inside("integrations, nothing found", "/dev/integrations?search=nothing"),
    inside("gallery", "/dev/integrations/new"),
    inside("gallery, nothing found", "/dev/integrations/new?search=nothing"),
    inside("new integration", "/dev/integrations/new/github"),
    inside("new integration, generic", "/dev/integrations/new/generic-oauth2"),
    inside("new integration, API key", "/dev/integrations/new/stripe"),
    inside("new integration, refused", "/dev/integrations/new/acme", async (page, { oauth }) => {
        await page.getByLabel("Integration ID").fill(oauth);
        await press("Create integration")(page);
    }),
    inside("integration", ({ oauth }) => `/dev/integrations/${oauth}`),
    inside("integration, incomplete", ({ incomplete }) => `/dev/integrations/${incomplete}`),
    inside("integration, revealed", ({ oauth }) => `/dev/integrations/${oauth}`, reveal),
    inside("integration, refused", ({ unused }) => `/dev/integrations/${unused}`, async (page, { oauth }) => {
        await page.getByLabel("Integration ID").fill(oauth);
        await press("Save changes")(page);
    }),
    inside("delete integration", ({ oauth }) => `/dev/integrations/${oauth}/delete`),
    inside("delete integration, refused", ({ oauth }) => `/dev/integrations/${oauth}/delete`, typeWrongName),
    inside("connections", "/dev/connections"),
    inside("connections, empty", "/prod/connections"),
    inside("connections, nothing found", "/dev/connections?search=nothing-at-all"),
    inside("test a connection", "/dev/connections/new"),
    inside("test a connection, nothing to test", "/prod/connections/new"),
    inside("test a connection, ready", ({ unused }) => `/dev/integrations/${unused}`, press("Connect")),
    inside("test a connection, waiting", ({ running }) => `/dev/connections/new/wait?operation=${running}`),
    inside("connection", ({ connection }) => `/dev/connections/${connection}`),
    inside("connection, broken", ({ broken }) => `/dev/connections/${broken}`),
    inside("connection, revealed", ({ connection }) => `/dev/connections/${connection}`, reveal),
    inside("connect again", ({ broken }) => `/dev/connections/${broken}`, press("Connect again")),
    inside("delete connection", ({ connection }) => `/dev/connections/${connection}/delete`),
    inside("delete connection, refused", ({ connection }) => `/dev/connections/${connection}/delete`, typeWrongName),
    inside("delete connection, nameless", ({ nameless }) => `/dev/connections/${nameless}/delete`),
    inside("logs", "/dev/logs"),
    inside("logs, empty", "/prod/logs"),
    inside("logs, nothing found", "/dev/logs?state=failed&connection=nobody"),
    inside("logs, unknown reference", "/dev/logs?reference=opn_nothing"),
    inside("operation", ({ succeeded }) => `/dev/logs/${succeeded}`, openDetails),
    inside("operation, failed", ({ failed }) => `/dev/logs/${failed}`),
    inside("operation, refresh failed", ({ refreshFailed }) => `/dev/logs/${refreshFailed}`, openDetails),
    inside("operation, running", ({ running }) => `/dev/logs/${running}`),
    inside("environment settings", "/dev/settings"),
    inside("environment settings, production", "/prod/settings"),
    inside("keys", "/dev/settings/keys"),
    inside("keys, production", "/prod/settings/keys"),
    inside("new key", "/dev/settings/keys", async (page) => {
        await page.getByLabel("Name").fill(uniqueKey("key"));
        await press("Create key")(page);
    }),
    inside("delete key", ({ key }) => `/dev/settings/keys/${key}/delete`),
    inside("callback URL", "/dev/settings/callback"),
    inside("callback URL, refused", "/dev/settings/callback", async (page) => {
        await page.getByLabel("Custom callback URL").fill("http://app.example.com/callback");
        await press("Save")(page);
    }),
    inside("webhooks", "/dev/settings/webhooks"),
    inside("webhooks, refused", "/dev/settings/webhooks", async (page) => {
        await page.getByLabel("Webhook URL").fill(`${url}/hook`);
        await press("Save")(page);
    }),
    inside("webhooks, key revealed", "/dev/settings/webhooks", reveal),
    inside("Connect UI", "/dev/settings/connect-ui", async (page) => {
        await page.frameLocator("iframe").getByRole("heading").first().waitFor();
    }),
    inside("Connect UI, refused", "/dev/settings/connect-ui", async (page) => {
        await page.getByLabel("Primary colour, light theme", { exact: true }).fill("blue");
        await press("Save")(page);
    }),
    inside("allowed origins", "/dev/settings/origins"),
    inside("allowed origins, refused", "/dev/settings/origins", async (page) => {
        await page.getByLabel("Origins").fill("https://app.example.com\nexample.com");
        await press("Save")(page);
    }),
    inside("public key", "/dev/settings/public-key"),
    inside("public key, saved", "/prod/settings/public-key", press("Save")),
    inside("HMAC", "/dev/settings/hmac"),
    inside("HMAC, without a key", "/prod/settings/hmac"),
    inside("HMAC, refused", "/prod/settings/hmac", async (page) => {
        await page.getByLabel("Require HMAC with the public key").check();
        await press("Save")(page);
    }),
    inside("HMAC, revealed", "/dev/settings/hmac", reveal),
    inside("HMAC, checked", "/dev/settings/hmac", (page) => checkDigest(page, "")),
    inside("HMAC, checked, different", "/dev/settings/hmac", (page) => checkDigest(page, "03c3184e116fade1")),
    inside("variables", "/dev/settings/variables"),
    inside("variables, none", "/prod/settings/variables"),
    inside("variables, refused", "/dev/settings/variables", async (page) => {
        await page.getByLabel("Name").fill("two words");
        await page.getByLabel("Value").fill("x");
        await press("Set")(page);
    }),
    inside("delete variable", "/dev/settings/variables/REGION/delete"),
    inside("sessions", "/~/me/sessions"),
    inside("not found", "/dev/nothing-here"),
    outside("server error", async (page, { damaged: { terapi, session } }) => {
        await page.context().addCookies([{ ...session, url: terapi.url }]);
        await page.goto(`${terapi.url}/app/dev/connections`);
    }),
    outside("unavailable", async (page, { damaged: { terapi, lostSession } }) => {
        await page.context().addCookies([{ ...lostSession, url: terapi.url }]);
        await page.goto(`${terapi.url}/app/dev/connections`);
    }),
    outside("Connect UI, broken", (page, { damaged: { connectLink } }) => page.goto(connectLink)),
    outside("refused, from another site", async (page) => {
        await page.goto(`${url}/app/~/sign-in`);
        await page.getByLabel("E-mail").fill("ada@example.com");
        await page.getByLabel("Password").fill("a password");
        // As another site's form would be.
        const foreign = { origin: "https://elsewhere.example", "sec-fetch-site": "cross-site" };
        await page.route(`${url}/app/~/sign-in`, async (route) => {
            const response = await route.fetch({ headers: { ...route.request().headers(), ...foreign } });
            await route.fulfill({ response });
        });
        await press("Sign in")(page);
        await expect(page.getByRole("heading", { level: 1 })).toHaveText("This came from another site");
    }),
    {
        ...outside("API reference", async (page) => {
            await page.goto(`${url}/docs/api#post-connect-sessions`);
            await page.locator("summary").first().click();
        }),
        long: true,
    },
    outside("popup, installation changed", (page) => page.goto(`${url}/oauth/callback?installation_id=1&setup_action=update`)),
    outside("popup, connected", async (page, { rest, oauth }) => {
        const { token } = await rest.openSession(oauth);
        // With a page before it in the tab's history it cannot close the tab.
        await page.goto(`${url}/app/~/sign-in`);
        await page.goto(`${url}/oauth/connect/${oauth}?connect_session_token=${token}`);
    }),
    outside("popup, not connected", async (page) => {
        await page.goto(`${url}/oauth/callback?error=access_denied&error_description=The+user+denied+the+request&state=unknown`);
        await page.getByText("Details", { exact: true }).click();
    }),
];
