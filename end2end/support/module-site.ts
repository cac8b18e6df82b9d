// A website that uses our own browser module straight from the instance, on an origin of its own.
import type { FrameLocator, Page } from "@playwright/test";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import type { ConnectFailure, ConnectResult, ConnectUIEvent } from "../../frontend/static/sdk/terapi.js";

const page = (host: string) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Customer</title>
<link rel="icon" href="data:,"></head><body><textarea aria-label="Order"></textarea>
<button id="do">Do it</button><button id="stop">Give up</button><button id="clear">Clear</button>
<output aria-label="Outcome"></output><ol aria-label="Events"></ol>
<script type="module">
import Terapi, { AuthError } from "${host}/sdk/terapi.js";
const output = document.querySelector("output");
let terapi, stop;
const note = (event) => {
    const line = document.createElement("li");
    line.textContent = JSON.stringify(event);
    document.querySelector("ol").append(line);
};
document.querySelector("#do").onclick = async () => {
    const { construct, method, args } = JSON.parse(document.querySelector("textarea").value);
    stop = new AbortController();
    try {
        terapi ??= new Terapi(...construct);
        if (method === "openConnectUI") return void terapi.openConnectUI({ ...args[0], onEvent: note });
        const options = args.at(-1);
        if (typeof options === "object") options.signal = stop.signal;
        const result = await terapi[method](...args);
        note({ result });
        output.textContent = JSON.stringify({ result });
    } catch (error) {
        const outcome = { error: { ...error, message: error.message, isAuthError: error instanceof AuthError } };
        note(outcome);
        output.textContent = JSON.stringify(outcome);
    }
};
document.querySelector("#stop").onclick = () => stop.abort();
document.querySelector("#clear").onclick = () => terapi.clear();
</script></body></html>`;

// A frame that may not open windows: blocked more surely than by a browser that guesses what the user wants.
const BOXED = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Customer</title><link rel="icon" href="data:,"></head>
<body><iframe title="Customer" sandbox="allow-scripts allow-same-origin" src="/"></iframe></body></html>`;

/** The website. */
export class ModuleSite {
    readonly origin: string;
    readonly #server: Server;

    private constructor(server: Server) {
        this.#server = server;
        this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    }

    /** A website that loads the module from the instance at `host`. */
    static async open(host: string): Promise<ModuleSite> {
        const server = createServer((request, response) => {
            const body = request.url === "/boxed" ? BOXED : page(host);
            response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(body);
        });
        await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
        return new ModuleSite(server);
    }

    async close(): Promise<void> {
        this.#server.closeAllConnections();
        await new Promise((done) => this.#server.close(done));
    }
}

/** `new Terapi(...construct)[method](...args)`. */
export interface Order {
    construct: unknown[];
    method?: "auth" | "create" | "reconnect" | "connect" | "openConnectUI";
    args: unknown[];
}

/** What came of it. */
export interface Outcome {
    result?: Partial<ConnectResult>;
    error?: Partial<ConnectFailure> & { isAuthError: boolean };
}

/** One visit to the website. */
export class ModulePage {
    readonly page: Page;
    readonly #root: Page | FrameLocator;

    constructor(page: Page, root: Page | FrameLocator = page) {
        this.page = page;
        this.#root = root;
    }

    async press({ construct, method = "auth", args }: Order): Promise<void> {
        await this.#root.getByLabel("Order").fill(JSON.stringify({ construct, method, args }));
        await this.#root.getByRole("button", { name: "Do it" }).click();
    }

    /** The same, and the popup that it opens. */
    async pressForPopup(order: Order): Promise<Page> {
        const popup = this.page.waitForEvent("popup");
        await this.press(order);
        return popup;
    }

    async giveUp(button: "Give up" | "Clear"): Promise<void> {
        await this.#root.getByRole("button", { name: button }).click();
    }

    /** Waits until the promise has settled. */
    async outcome(): Promise<Outcome> {
        return JSON.parse(await this.#root.locator("output:not(:empty)").innerText({ timeout: 15_000 }));
    }

    /** What the Connect UI said, and what promises came to, in order. */
    async events(): Promise<(ConnectUIEvent | Outcome)[]> {
        return (await this.#root.getByLabel("Events").locator("li").allInnerTexts()).map((text) => JSON.parse(text));
    }
}
