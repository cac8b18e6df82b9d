// What a browser must never do during a test: complain in its console (as it does of every violation of a content
// security policy), throw, ask a third party, or let one of our pages ask anybody but us.
import type { BrowserContext, Request } from "@playwright/test";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Notes every offence of a browser context. */
export class Watch {
    readonly offences: string[] = [];
    readonly #navigations = new Set<string>();
    readonly #customers = new Set<string>();
    readonly #pardoned: RegExp[] = [];

    constructor(context: BrowserContext) {
        context.on("request", (request) => this.#asked(request));
        context.on("weberror", (error) => this.#note(`threw: ${error.error().stack ?? error.error().message}`));
        context.on("console", (message) => {
            if (message.type() !== "error") return;
            const address = message.location().url;
            // A page that is answered with 404 or 422 is an answer, and no fault of the page.
            const isAnswer = message.text().startsWith("Failed to load resource: the server responded with");
            if (isAnswer && (this.#navigations.has(address) || this.#customers.has(originOf(message.page()?.url())))) return;
            this.#note(`said: ${message.text()} (${address})`);
        });
    }

    /** A page of somebody who uses our API from another origin. */
    expectCustomer(origin: string): void {
        this.#customers.add(origin);
    }

    /** An offence that the test provokes. */
    pardon(pattern: RegExp): void {
        this.#pardoned.push(pattern);
    }

    #asked(request: Request): void {
        const address = new URL(request.url());
        if (["data:", "blob:", "about:"].includes(address.protocol)) return;
        if (!LOOPBACK.has(address.hostname)) this.#note(`asked a third party: ${request.url()}`);
        if (request.isNavigationRequest()) {
            this.#navigations.add(request.url());
            return;
        }
        const asking = originOf(request.frame().url());
        if (asking !== "" && asking !== address.origin && !this.#customers.has(asking)) {
            this.#note(`let ${asking} ask another origin: ${request.url()}`);
        }
    }

    #note(offence: string): void {
        if (!this.#pardoned.some((pattern) => pattern.test(offence))) this.offences.push(offence);
    }
}

function originOf(address: string | undefined): string {
    if (address === undefined || !URL.canParse(address)) return "";
    const { origin } = new URL(address);
    return origin === "null" ? "" : origin;
}
