// A website for each release of the browser SDK, on an origin of its own: a button, and places for what came of it.
import type { BrowserContext, FrameLocator, Page } from "@playwright/test";
import { build } from "esbuild";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

const page = (version: string) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Customer</title>
<link rel="icon" href="data:,"></head><body><textarea aria-label="Order"></textarea><button>Do it</button>
<output aria-label="Outcome"></output><ol aria-label="Events"></ol>
<script type="module" src="/${version}/site.js"></script></body></html>`;

// The same in a frame that may not open windows: blocked more surely than by a browser that guesses what the user wants.
const boxed = (version: string) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Customer</title>
<link rel="icon" href="data:,"></head><body><iframe title="Customer" sandbox="allow-scripts allow-same-origin" src="/${version}/">
</iframe></body></html>`;

// In JSON there is no `undefined`, which the SDK tells from nothing.
const SCRIPT = `
import * as sdk from "SDK";
// The oldest release exports nothing but the class.
const { default: Nango, AuthError } = { ...sdk };
const output = document.querySelector("output");
const undefinedToo = (value) => {
    if (value === "$undefined") return undefined;
    if (Array.isArray(value)) return value.map(undefinedToo);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, undefinedToo(member)]));
};
const settle = (outcome) => (output.textContent = JSON.stringify(outcome));
const note = (event) => {
    const line = document.createElement("li");
    line.textContent = JSON.stringify(event);
    document.querySelector("ol").append(line);
};
const execute = async (order) => {
    const { settings, method, args } = undefinedToo(order);
    output.textContent = "";
    try {
        const nango = new Nango(settings);
        if (method === "openConnectUI") {
            nango.openConnectUI({ ...args[0], onEvent: note });
            return;
        }
        settle({ result: (await nango[method](...args)) ?? null });
    } catch (error) {
        const isAuthError = AuthError !== undefined && error instanceof AuthError;
        settle({ error: { ...error, message: error.message, isError: error instanceof Error, isAuthError } });
    }
};
document.querySelector("button").addEventListener("click", () => execute(JSON.parse(document.querySelector("textarea").value)));
`;

/** The websites, on one origin. */
export class Sites {
    readonly origin: string;
    readonly #server: Server;

    private constructor(server: Server) {
        this.#server = server;
        this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    }

    static async open(): Promise<Sites> {
        const bundles = new Map<string, Promise<string>>();
        const server = createServer((request, response) => {
            const [, version = "", file] = (request.url ?? "").split("/");
            if (file !== "site.js") {
                const body = file === "boxed" ? boxed(version) : page(version);
                response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(body);
                return;
            }
            if (!bundles.has(version)) bundles.set(version, bundle(version));
            bundles.get(version)!.then(
                (script) => response.writeHead(200, { "content-type": "text/javascript; charset=utf-8" }).end(script),
                () => response.writeHead(500).end(),
            );
        });
        await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
        return new Sites(server);
    }

    async close(): Promise<void> {
        this.#server.closeAllConnections();
        await new Promise((done) => this.#server.close(done));
    }
}

async function bundle(version: string): Promise<string> {
    const { outputFiles } = await build({
        stdin: { contents: SCRIPT.replace("SDK", `frontend-${version}`), resolveDir: import.meta.dirname },
        bundle: true,
        format: "esm",
        write: false,
    });
    return outputFiles[0]!.text;
}

/** `new Nango(settings)[method](...args)`. */
export interface Order {
    settings: object;
    method: "auth" | "create" | "reconnect" | "openConnectUI";
    args: unknown[];
}

/** What came of it. */
export type Outcome = { result?: any; error?: any };

/** One visit to the website of a release. */
export class Visit {
    readonly page: Page;
    readonly #address: string;
    #root: Page | FrameLocator;

    constructor(page: Page, origin: string, version: string) {
        this.page = page;
        this.#root = page;
        this.#address = `${origin}/${version}/`;
    }

    async begin(): Promise<void> {
        await this.page.goto(this.#address);
        this.#root = this.page;
    }

    /** Begins where no window can be opened. */
    async beginBoxed(): Promise<void> {
        await this.page.goto(`${this.#address}boxed`);
        this.#root = this.page.frameLocator("iframe");
    }

    /** Presses the button. */
    async press(order: Order): Promise<void> {
        await this.#root.getByLabel("Order").fill(JSON.stringify(order));
        await this.#root.getByRole("button", { name: "Do it" }).click();
    }

    /** The same, and the window that opens; some releases open it without telling it who did. */
    async pressForPopup(order: Order): Promise<Page> {
        const popup = this.#context.waitForEvent("page");
        await this.press(order);
        return popup;
    }

    /** Presses the button and waits until the promise has settled. */
    async ask(order: Order): Promise<Outcome> {
        await this.press(order);
        return this.outcome();
    }

    /** Waits until the promise has settled. */
    async outcome(): Promise<Outcome> {
        const output = this.#root.locator("output:not(:empty)");
        return JSON.parse(await output.innerText({ timeout: 10_000 })) as Outcome;
    }

    /** The events that the Connect UI has sent. */
    async events(): Promise<any[]> {
        return (await this.page.getByLabel("Events").locator("li").allInnerTexts()).map((line) => JSON.parse(line));
    }

    get #context(): BrowserContext {
        return this.page.context();
    }
}
