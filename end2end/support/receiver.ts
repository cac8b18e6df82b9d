// A server of the customer's own: it keeps what it is sent, and may lead requests on.
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
    method: string;
    url: string;
    headers: IncomingHttpHeaders;
    body: string;
}

export class Receiver {
    readonly received: Received[] = [];
    readonly url: string;
    readonly #close: () => void;

    private constructor(port: number, close: () => void, received: Received[]) {
        this.url = `http://127.0.0.1:${port}`;
        this.#close = close;
        this.received = received;
    }

    /** Listens on a free port. With `leadOn`, answers 308 to that address with the query it was asked with. */
    static async open({ leadOn }: { leadOn?: string } = {}): Promise<Receiver> {
        const received: Received[] = [];
        const server = createServer((request, response) => {
            const chunks: Buffer[] = [];
            request.on("data", (chunk: Buffer) => chunks.push(chunk));
            request.on("end", () => {
                const { method = "", url = "", headers } = request;
                received.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
                if (leadOn === undefined) {
                    response.writeHead(204).end();
                } else {
                    const { search } = new URL(url, "http://any");
                    response.writeHead(308, { location: leadOn + search }).end();
                }
            });
        });
        await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
        const close = () => {
            server.closeAllConnections();
            server.close();
        };
        return new Receiver((server.address() as AddressInfo).port, close, received);
    }

    close(): void {
        this.#close();
    }
}
