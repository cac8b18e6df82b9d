// A website that embeds the unmodified browser SDK, served from an origin of its own.
import type { Page } from "@playwright/test";
import { build } from "esbuild";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Customer</title><link rel="icon" href="data:,"></head>
<body><textarea aria-label="Order"></textarea><button>Connect</button><output></output>
<script type="module" src="/customer.js"></script></body></html>`;

/** The website. */
export class CustomerSite {
    readonly origin: string;
    readonly #server: Server;

    private constructor(server: Server) {
        this.#server = server;
        this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    }

    static async open(): Promise<CustomerSite> {
        const { outputFiles } = await build({
            entryPoints: [join(import.meta.dirname, "customer.js")],
            bundle: true,
            format: "esm",
            write: false,
        });
        const script = outputFiles[0]?.text ?? "";
        const server = createServer((request, response) => {
            const [type, body] = request.url === "/customer.js" ? ["text/javascript", script] : ["text/html", PAGE];
            response.writeHead(200, { "content-type": `${type}; charset=utf-8` }).end(body);
        });
        await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
        return new CustomerSite(server);
    }

    async close(): Promise<void> {
        this.#server.closeAllConnections();
        await new Promise((done) => this.#server.close(done));
    }
}

/** What came of `auth()`. */
export type Outcome =
    | { result: { providerConfigKey: string; connectionId: string; isPending?: boolean }; error?: undefined }
    | { result?: undefined; error: { isAuthError: boolean; type?: string; message: string } };

/** One visit to the website. */
export class CustomerPage {
    readonly page: Page;

    constructor(page: Page) {
        this.page = page;
    }

    /** Presses the button, which calls `new Nango(settings).auth(...args)`. */
    async press(settings: object, ...args: unknown[]): Promise<void> {
        await this.page.getByLabel("Order").fill(JSON.stringify({ settings, args }));
        await this.page.getByRole("button", { name: "Connect" }).click();
    }

    /** The same, and the popup that it opens. */
    async pressForPopup(settings: object, ...args: unknown[]): Promise<Page> {
        const popup = this.page.waitForEvent("popup");
        await this.press(settings, ...args);
        return popup;
    }

    /** Waits until the promise has settled. */
    async outcome(): Promise<Outcome> {
        const output = this.page.locator("output:not(:empty)");
        return JSON.parse(await output.innerText({ timeout: 10_000 })) as Outcome;
    }
}
