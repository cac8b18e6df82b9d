// A customer's endpoint for webhooks.
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** One webhook as it came: the body's very bytes, as text. */
export interface Delivery {
    path: string;
    headers: IncomingHttpHeaders;
    body: string;
}

/** Answers every webhook with 200 and hands it to whoever waits for its path. */
export class Receiver {
    readonly origin: string;
    readonly #server: Server;
    readonly #delivered: Delivery[] = [];
    #arrived: (() => void)[] = [];

    private constructor(server: Server) {
        this.#server = server;
        this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    }

    static async open(): Promise<Receiver> {
        const server = createServer((request, response) => {
            const chunks: Buffer[] = [];
            request.on("data", (chunk: Buffer) => chunks.push(chunk));
            request.on("end", () => {
                response.end();
                receiver.#keep({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks).toString() });
            });
        });
        await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
        const receiver = new Receiver(server);
        return receiver;
    }

    /** The first webhook that came or comes to `path`. */
    async deliveryTo(path: string): Promise<Delivery> {
        for (;;) {
            const found = this.#delivered.find((delivery) => delivery.path === path);
            if (found !== undefined) return found;
            await new Promise<void>((arrived) => this.#arrived.push(arrived));
        }
    }

    async close(): Promise<void> {
        this.#server.closeAllConnections();
        await new Promise((done) => this.#server.close(done));
    }

    #keep(delivery: Delivery): void {
        this.#delivered.push(delivery);
        for (const arrived of this.#arrived.splice(0)) arrived();
    }
}
