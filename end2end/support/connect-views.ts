// Every state of the Connect UI, and how to get there: the same list is checked by axe, measured and photographed.
import type { Frame, Page } from "@playwright/test";

import { DEMO, type Acme } from "./acme.ts";
import { uniqueKey, type Rest } from "./rest.ts";

/** What the states need; an instance of its own, whose providers and environment are made for them. */
export interface Stage {
    url: string;
    acme: Acme;
    rest: Rest;
    /** Integrations, by what is special about them. */
    oauth: string;
    apiKey: string;
    rich: string;
    open: string;
    later: string;
    many: string[];
    /** A session's link in an environment without integrations, which lets only another website use it. */
    strict(): Promise<string>;
    /** A session's link at an instance where the account's calls are used up. */
    busy(): Promise<string>;
    /** Makes every authorization that has ended well one that waits for somebody's approval. */
    leavePending(): Promise<void>;
}

/** What the stage's instances give it. */
export type Given = Pick<Stage, "url" | "acme" | "rest" | "busy" | "leavePending">;

/** A provider with everything that a field can have. */
export const RICH_PROVIDER = `
display_name: Fieldmaster Enterprise
auth: {auth_mode: API_KEY}
docs_connect: https://docs.example.com/fieldmaster
connection_config:
    region:
        title: Data center
        description: Where your account lives. It is shown on the first page after you sign in.
        enum: [eu-central-1, us-east-1, ap-southeast-2]
        required: true
        order: 1
        secret: false
    subdomain:
        title: Subdomain
        description: The first part of your address.
        pattern: '^[a-z0-9-]+$'
        prefix: https://
        suffix: .fieldmaster.example.com
        example: acme
        required: true
        doc_section: subdomain
        secret: false
    tenant:
        title: Tenant
        format: uuid
        required: false
        secret: false
    plan:
        title: Plan
        enum: [basic, pro]
        required: false
        secret: false
credentials:
    api_key:
        title: Secret access key
        description: Under Settings, then API.
        example: fm_live_0123456789
        pattern: '^fm_[a-z]+_[0-9]+$'
        secret: true
        doc_section: '#keys'
`;

/** A provider whose mode people cannot connect yet. */
export const LATER_PROVIDER = `
display_name: Machine to machine
auth: {auth_mode: OAUTH2_CC, token_url: https://auth.example.com/token}
`;

/** A provider that asks for nothing. */
export const OPEN_PROVIDER = `
display_name: Public weather
auth: {auth_mode: NONE}
`;

/** Gives the states something to show. */
export async function furnishStage(given: Given, strict: Rest): Promise<Stage> {
    const { acme, rest } = given;
    const plain = async (provider: string, display_name?: string) => {
        const unique_key = uniqueKey(provider);
        await rest.must("POST", "/integrations", { provider, unique_key, display_name });
        return unique_key;
    };
    const oauth = await rest.createAcme(acme, "acme", { display_name: "Acme" });
    const apiKey = await rest.createAcme(acme, "acme-api-key");
    const rich = await plain("fieldmaster");
    const open = await plain("weather");
    const later = await plain("later");
    const many = [oauth, apiKey, rich, open];
    for (const name of ["Analytics", "Billing", "Calendar", "Documents", "Everything else with quite a long name", "Files"]) {
        many.push(await plain("fieldmaster", name));
    }
    const openStrict = async () => {
        const { data } = await strict.must("POST", "/connect/sessions", { end_user: { id: "ada" } });
        return data.connect_link as string;
    };
    return { ...given, oauth, apiKey, rich, open, later, many, strict: openStrict };
}

export interface ConnectView {
    /** In words, and as a file name. */
    name: string;
    /** Brings the page there; `with` is added to the address. */
    open(page: Page, stage: Stage, extra: Record<string, string>): Promise<unknown>;
}

/** Where the Connect UI is shown: in the page itself, or in the frame of the page around it. */
export function shownIn(page: Page): Page | Frame {
    return page.frames().find((frame) => frame.parentFrame() !== null) ?? page;
}

/** Opens an address of the Connect UI in a frame. The page around it has our own origin, so that axe sees into it. */
async function frame(page: Page, { url }: Stage, address: string): Promise<Frame> {
    const around = `${url}/around`;
    const body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Some app</title><link rel="icon" href="data:,">
<style>body { margin: 0 } iframe { position: fixed; inset: 0; width: 100%; height: 100%; border: 0 }</style>
<iframe title="Connect"></iframe></html>`;
    await page.route(around, (route) => route.fulfill({ contentType: "text/html", body }));
    await page.goto(around);
    await page.locator("iframe").evaluate(
        (frame, address) =>
            new Promise<void>((done) => {
                frame.addEventListener("load", () => done());
                (frame as HTMLIFrameElement).src = address;
            }),
        address,
    );
    return shownIn(page) as Frame;
}

/** The link of a new session with something added to it. */
export async function link(stage: Stage, keys: string[], extra: Record<string, string> = {}, session: object = {}): Promise<string> {
    const [first] = keys;
    const { connect_link } = await stage.rest.openSession(first ?? "", { allowed_integrations: keys, ...session });
    const address = new URL(connect_link);
    for (const [name, value] of Object.entries(extra)) address.searchParams.set(name, value);
    return address.href;
}

const one = (name: string, pick: (stage: Stage) => string[], then?: (page: Page, stage: Stage) => Promise<unknown>): ConnectView => ({
    name,
    open: async (page, stage, extra) => {
        await page.goto(await link(stage, pick(stage), extra));
        await then?.(page, stage);
    },
});

const send = async (page: Page) => {
    await page.locator("[data-submit]").click();
};

const state = (page: Page | Frame, name: string) => page.locator(`#connect[data-state="${name}"]`).waitFor();

const type = (value: string) => async (page: Page) => {
    await page.locator('[name="credentials.api_key"]').fill(value);
    await send(page);
};

const inWindow = (what: "Allow" | "Deny") => async (page: Page) => {
    const popup = page.waitForEvent("popup");
    await send(page);
    await (await popup).getByRole("button", { name: what }).click();
    await state(page, what === "Allow" ? "success" : "failure");
};

async function reconnect(page: Page, stage: Stage, extra: Record<string, string>): Promise<void> {
    const connection_id = await stage.rest.connectWithKey(stage.apiKey);
    const target = { connection_id, integration_id: stage.apiKey };
    const { data } = await stage.rest.must("POST", "/connect/sessions/reconnect", target);
    await page.goto(`${data.connect_link}&${new URLSearchParams(extra)}`);
}

/** Browsers that block the window. */
const block = (page: Page) => page.evaluate(() => void (window.open = () => null));

export const CONNECT_VIEWS: ConnectView[] = [
    one("list", ({ oauth, apiKey, rich }) => [oauth, apiKey, rich]),
    one("long list", ({ many }) => many),
    one("long list, nothing found", ({ many }) => many, async (page) => {
        await page.locator("#search").fill("zzz");
        await page.locator("[data-none]").waitFor();
    }),
    {
        name: "empty list",
        open: async (page, stage, extra) => {
            await page.goto(`${await stage.strict()}&${new URLSearchParams(extra)}`);
            await state(page, "empty");
        },
    },
    {
        name: "waiting for a token",
        open: async (page, stage, extra) => {
            // It would give up while it is looked at.
            await page.addInitScript(() => {
                const later = window.setTimeout.bind(window);
                window.setTimeout = ((done: () => void, wait?: number) =>
                    wait === 10_000 ? 0 : later(done, wait)) as typeof window.setTimeout;
            });
            const ui = await frame(page, stage, `${stage.url}/connect/ui/?${new URLSearchParams(extra)}`);
            await ui.locator("[data-skeleton]").waitFor();
        },
    },
    {
        name: "no answer from the app",
        open: async (page, stage, extra) => {
            await page.clock.install();
            const ui = await frame(page, stage, `${stage.url}/connect/ui/?${new URLSearchParams(extra)}`);
            await ui.locator("[data-skeleton]").waitFor();
            await page.clock.fastForward(10_000);
            await state(ui, "silent");
        },
    },
    {
        name: "close without connecting",
        open: async (page, stage, extra) => {
            const ui = await frame(page, stage, await link(stage, [stage.apiKey], extra));
            await ui.locator('[name="credentials.api_key"]').pressSequentially("acme");
            await page.keyboard.press("Escape");
            await ui.locator("#discard[open]").waitFor();
        },
    },
    {
        name: "origin not allowed",
        open: async (page, stage, extra) => {
            const ui = await frame(page, stage, `${stage.url}/connect/ui/?${new URLSearchParams(extra)}`);
            await ui.locator("[data-skeleton]").waitFor();
            const sessionToken = new URL(await stage.strict()).searchParams.get("session_token");
            await page.evaluate((sessionToken) => frames[0]?.postMessage({ type: "session_token", sessionToken }, "*"), sessionToken);
            await state(ui, "not-allowed");
        },
    },
    one("form", ({ apiKey }) => [apiKey]),
    one("form with every kind of field", ({ rich }) => [rich]),
    one("form, refused", ({ rich }) => [rich], async (page) => {
        await page.locator('[name="params.subdomain"]').fill("Not A Name");
        await send(page);
        await page.locator("[aria-invalid]").first().waitFor();
    }),
    one("form, refused by the server", ({ rich }) => [rich], async (page) => {
        await page.locator('[name="params.subdomain"]').fill("acme");
        await page.locator('[name="params.tenant"]').fill("not-a-uuid");
        await page.locator('[name="credentials.api_key"]').fill("fm_live_1");
        await send(page);
        await page.getByRole("alert").waitFor();
    }),
    one("form without fields, OAuth", ({ oauth }) => [oauth]),
    one("form without fields, nothing to sign in to", ({ open }) => [open]),
    {
        name: "form with an app of one's own",
        open: async (page, stage, extra) => {
            const connection_config = { oauth_client_id_override: "", oauth_client_secret_override: "" };
            const defaults = { [stage.oauth]: { connection_config } };
            await page.goto(await link(stage, [stage.oauth], extra, { integrations_config_defaults: defaults }));
        },
    },
    one("connecting", ({ oauth }) => [oauth], async (page) => {
        const popup = page.waitForEvent("popup");
        await send(page);
        await (await popup).getByRole("button", { name: "Allow" }).waitFor();
        await page.locator("[data-waiting-note]:visible").waitFor();
    }),
    one("window blocked", ({ oauth }) => [oauth], async (page) => {
        await block(page);
        await send(page);
        await page.locator("[data-note]").waitFor();
    }),
    {
        name: "window closed",
        open: async (page, stage, extra) => {
            await page.goto(await link(stage, [stage.oauth], { ...extra, detectClosedAuthWindow: "true" }));
            const popup = page.waitForEvent("popup");
            await send(page);
            await (await popup).close();
            await page.locator("[data-note]").waitFor();
        },
    },
    one("window gone", ({ oauth }) => [oauth], async (page) => {
        const popup = page.waitForEvent("popup");
        await send(page);
        await (await popup).close();
        await page.locator("[data-note]").waitFor();
    }),
    one("form, no answer", ({ apiKey }) => [apiKey], async (page) => {
        await page.route("**/connect/ui/start*", (route) => route.abort());
        await type(DEMO.apiKey)(page);
        await page.locator("[data-note]").waitFor();
    }),
    one("form, too large", ({ apiKey }) => [apiKey], async (page) => {
        await type(`acme_live_${"a".repeat(15_000)}`)(page);
        await page.locator("[aria-invalid=true]").waitFor();
    }),
    one("form, far too large", ({ apiKey }) => [apiKey], async (page) => {
        const input = page.locator('[name="credentials.api_key"]');
        await input.evaluate((input) => void ((input as HTMLInputElement).value = `acme_live_${"a".repeat(200_000)}`));
        await send(page);
        await state(page, "too-large");
    }),
    one("failure, credentials", ({ apiKey }) => [apiKey], async (page) => {
        await type("acme_test_refused")(page);
        await state(page, "failure");
    }),
    one("failure, denied", ({ oauth }) => [oauth], async (page) => {
        await inWindow("Deny")(page);
        await page.locator("summary").click();
    }),
    one("success", ({ apiKey }) => [apiKey], async (page) => {
        await type(DEMO.apiKey)(page);
        await state(page, "success");
    }),
    one("success, one of several", ({ apiKey, oauth }) => [apiKey, oauth], async (page) => {
        await page.locator("a[data-choose]").filter({ hasText: "key" }).click();
        await type(DEMO.apiKey)(page);
        await state(page, "success");
    }),
    {
        name: "success, waiting for approval",
        open: async (page, stage, extra) => {
            const address = await link(stage, [stage.oauth], extra);
            await page.goto(address);
            const asked = page.waitForRequest(/\/connect\/ui\/result\?attempt=/);
            await inWindow("Allow")(page);
            const attempt = new URL((await asked).url()).searchParams.get("attempt") ?? "";
            await stage.leavePending();
            await page.goto(`${address}&${new URLSearchParams({ integration: stage.oauth, attempt })}`);
            await page.locator("#connect[data-pending]").waitFor();
        },
    },
    { name: "reconnect", open: reconnect },
    {
        name: "reconnected",
        open: async (page, stage, extra) => {
            await reconnect(page, stage, extra);
            await type(DEMO.apiKey)(page);
            await state(page, "success");
        },
    },
    {
        name: "busy",
        open: async (page, { busy }, extra) => {
            await page.goto(`${await busy()}&${new URLSearchParams(extra)}`);
            await state(page, "busy");
        },
    },
    one("not available", ({ later }) => [later]),
    {
        name: "set up wrongly",
        open: async (page, stage, extra) => {
            const defaults = { [stage.rich]: { connection_config: { subdomain: "NOT RIGHT" } } };
            await page.goto(await link(stage, [stage.rich], extra, { integrations_config_defaults: defaults }));
        },
    },
    {
        name: "expired",
        open: (page, { url }, extra) =>
            page.goto(`${url}/connect/ui/?${new URLSearchParams({ ...extra, session_token: `nango_connect_session_${"0".repeat(64)}` })}`),
    },
    {
        name: "unknown",
        open: async (page, stage, extra) => page.goto(await link(stage, [stage.apiKey], { ...extra, integration: "nothing" })),
    },
    {
        name: "opened directly",
        open: async (page, { url }, extra) => {
            await page.goto(`${url}/connect/ui/?${new URLSearchParams(extra)}`);
            await state(page, "direct");
        },
    },
    {
        name: "reloaded",
        open: async (page, stage, extra) => {
            await page.goto(await link(stage, [stage.apiKey], extra));
            await page.reload();
            await state(page, "reloaded");
        },
    },
    {
        name: "not allowed to leave",
        open: async (page, stage, extra) =>
            page.goto(await link(stage, [stage.apiKey], { ...extra, return_url: "https://elsewhere.example/back" })),
    },
    one("offline", ({ oauth, apiKey }) => [oauth, apiKey], async (page) => {
        await page.route("**/connect/ui/**", (route) => route.abort());
        await page.locator("a[data-choose]").first().click();
        await state(page, "offline");
    }),
    {
        name: "preview",
        open: (page, { url }, extra) =>
            page.goto(`${url}/connect/ui/?${new URLSearchParams({ ...extra, preview: "1", embedded: "1" })}`),
    },
];
