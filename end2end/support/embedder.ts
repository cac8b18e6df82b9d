// A website of another origin that opens the Connect UI, with the unmodified browser SDK or by itself.
import type { FrameLocator, Page } from "@playwright/test";
import { build } from "esbuild";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Embedder</title><link rel="icon" href="data:,"></head>
<body><h1>Some app</h1><button>Open</button><output></output><script type="module" src="/embedder.js"></script></body></html>`;

/** Posts a token to the frame beside it, as a stranger would. */
const STRANGER = `<!doctype html><script>
addEventListener("message", ({ data }) => parent.frames[0].postMessage({ type: "session_token", sessionToken: data }, "*"));
</script>`;

export interface Event {
    type: string;
    payload?: { providerConfigKey?: string; connectionId?: string; errorType?: string; errorMessage?: string };
    origin?: string;
}

export class Embedder {
    readonly origin: string;
    readonly #server: Server;

    private constructor(server: Server) {
        this.#server = server;
        this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    }

    static async open(): Promise<Embedder> {
        const { outputFiles } = await build({
            entryPoints: [join(import.meta.dirname, "embedder.js")],
            bundle: true,
            format: "esm",
            write: false,
        });
        const script = outputFiles[0]?.text ?? "";
        const server = createServer((request, response) => {
            const [type, body] =
                request.url === "/embedder.js"
                    ? ["text/javascript", script]
                    : ["text/html", request.url === "/stranger" ? STRANGER : PAGE];
            const headers: Record<string, string> = { "content-type": `${type}; charset=utf-8` };
            if (request.url === "/isolated") headers["cross-origin-opener-policy"] = "same-origin";
            response.writeHead(200, headers).end(body);
        });
        await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
        return new Embedder(server);
    }

    /**
     * Opens the Connect UI in a frame, through the SDK; in an isolated page the windows of frames are cut off from them.
     * From another `origin`, its page lies there.
     */
    async frame(
        page: Page,
        options: Record<string, unknown>,
        { isolated = false, origin = this.origin } = {},
    ): Promise<FrameLocator> {
        if (origin !== this.origin) {
            const own = [`${origin}/isolated`, `${origin}/embedder.js`];
            await page.route(
                (url) => own.includes(url.origin + url.pathname),
                async (route) => {
                    const url = new URL(route.request().url());
                    await route.fulfill({ response: await route.fetch({ url: `${this.origin}${url.pathname}` }) });
                },
            );
        }
        await page.goto(`${origin}/${isolated ? "isolated" : ""}#${encodeURIComponent(JSON.stringify({ frame: options }))}`);
        return page.frameLocator("#connect-ui");
    }

    /** Opens it in a window. */
    async window(page: Page, options: { url: string; token?: string }): Promise<Page> {
        await page.goto(`${this.origin}/#${encodeURIComponent(JSON.stringify({ window: options }))}`);
        const popup = page.waitForEvent("popup");
        await page.getByRole("button", { name: "Open" }).click();
        return popup;
    }

    /** What the page has been told. */
    async events(page: Page): Promise<Event[]> {
        return JSON.parse((await page.locator("output").textContent()) || "[]") as Event[];
    }

    async close(): Promise<void> {
        this.#server.closeAllConnections();
        await new Promise((done) => this.#server.close(done));
    }
}
