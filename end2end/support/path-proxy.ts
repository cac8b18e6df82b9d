// A reverse proxy on an origin of its own, which has an instance beneath a path and nothing anywhere else.
import { createServer, request as ask, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect, type AddressInfo } from "node:net";
import type { Duplex } from "node:stream";

/** What the proxy does with the path: both are how people set up theirs. */
export type Manner = "passes the path on" | "takes the path off";

export class PathProxy {
    /** The instance's public URL. */
    readonly url: string;
    /** Requests that left the path: whoever wrote that address did not know where the instance is. */
    readonly strays: string[] = [];
    readonly #server: Server;
    readonly #path: string;
    readonly #manner: Manner;
    readonly #upgraded = new Set<Duplex>();
    #target = 0;

    private constructor(server: Server, path: string, manner: Manner) {
        this.#server = server;
        this.#path = path;
        this.#manner = manner;
        this.url = `http://localhost:${(server.address() as AddressInfo).port}${path}`;
    }

    /** A proxy that leads nowhere yet. */
    static async open(path: string, manner: Manner): Promise<PathProxy> {
        const server = createServer();
        await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
        const proxy = new PathProxy(server, path, manner);
        server.on("request", (request, response) => proxy.#forward(request, response));
        server.on("upgrade", (request, socket, head) => {
            const address = proxy.#forwarded(request);
            if (address === null) return socket.destroy();
            proxy.#upgraded.add(socket);
            const target = connect(proxy.#target, "127.0.0.1", () => {
                const lines = request.rawHeaders.flatMap((text, at) => (at % 2 === 0 ? [`${text}: ${request.rawHeaders[at + 1]}`] : []));
                target.write([`GET ${address} HTTP/1.1`, ...lines, "", ""].join("\r\n"));
                target.write(head);
                socket.pipe(target).pipe(socket);
            });
            target.on("error", () => socket.destroy());
            socket.on("error", () => target.destroy());
            socket.on("close", () => target.destroy());
        });
        return proxy;
    }

    /** From now on it leads to the instance at this address. */
    leadTo(url: string): void {
        this.#target = Number(new URL(url).port);
    }

    async close(): Promise<void> {
        this.#server.closeAllConnections();
        // Which are no longer the server's.
        for (const socket of this.#upgraded) socket.destroy();
        await new Promise((done) => this.#server.close(done));
    }

    /** What the instance is asked for, or nothing where it is not. */
    #forwarded({ method, url = "/" }: IncomingMessage): string | null {
        const rest = url.startsWith(this.#path) ? url.slice(this.#path.length) : null;
        if (rest === null || !/^([/?]|$)/.test(rest)) {
            this.strays.push(`${method} ${url}`);
            return null;
        }
        if (this.#manner === "passes the path on") return url;
        return rest.startsWith("/") ? rest : `/${rest}`;
    }

    #forward(request: IncomingMessage, response: ServerResponse): void {
        const path = this.#forwarded(request);
        if (path === null) {
            response.writeHead(404).end("nothing here");
            return;
        }
        const { method, headers } = request;
        const onward = ask({ host: "127.0.0.1", port: this.#target, path, method, headers }, (answer) => {
            response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
            answer.pipe(response);
        });
        onward.on("error", () => response.destroy());
        response.on("close", () => onward.destroy());
        request.pipe(onward);
    }
}
