// An authorization server that none of us wrote: oidc-provider from npm, on loopback. Only its consent page is ours,
// because its own loads a font from a third party.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";

export const CLIENT = { id: "terapi", secret: "a secret of at least thirty-two letters" };

export const SCOPES = "openid,offline_access";

/** The server. */
export class SomebodyElsesProvider {
    readonly issuer: string;
    /** How long the next access tokens live, in seconds. */
    accessTokenLife = 3600;
    readonly #server: Server;
    readonly #provider: InstanceType<typeof Provider>;

    private constructor(server: Server, callback: string) {
        this.#server = server;
        this.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        this.#provider = new Provider(this.issuer, {
            clients: [
                {
                    client_id: CLIENT.id,
                    client_secret: CLIENT.secret,
                    redirect_uris: [callback],
                    grant_types: ["authorization_code", "refresh_token"],
                    response_types: ["code"],
                    token_endpoint_auth_method: "client_secret_post",
                },
            ],
            cookies: { keys: ["signs the cookies of a test"] },
            features: { devInteractions: { enabled: false } },
            findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
            interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/consent/${uid}` },
            pkce: { required: () => true },
            rotateRefreshToken: true,
            ttl: { AccessToken: () => this.accessTokenLife },
        });
    }

    /** Starts one whose only client may be sent back to `callback`. */
    static async start(callback: string): Promise<SomebodyElsesProvider> {
        const server = createServer();
        await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
        const provider = new SomebodyElsesProvider(server, callback);
        const answer = provider.#provider.callback();
        server.on("request", (request, response) => {
            if (request.url?.startsWith("/consent/")) void provider.#consent(request, response);
            else void answer(request, response);
        });
        return provider;
    }

    async stop(): Promise<void> {
        this.#server.closeAllConnections();
        await new Promise((done) => this.#server.close(done));
    }

    /** Asks, and at a POST takes the question for answered with yes. */
    async #consent(request: IncomingMessage, response: ServerResponse): Promise<void> {
        if (request.method !== "POST") {
            response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
            response.end(`<!doctype html><html lang="en"><title>Consent</title><link rel="icon" href="data:,">
                <h1>Let this application in?</h1><form method="post"><button>Yes</button></form></html>`);
            return;
        }
        const { params, session } = await this.#provider.interactionDetails(request, response);
        const accountId = session?.accountId ?? "ada";
        const grant = new this.#provider.Grant({ accountId, clientId: CLIENT.id });
        grant.addOIDCScope(String(params.scope));
        const grantId = await grant.save();
        await this.#provider.interactionFinished(request, response, { login: { accountId }, consent: { grantId } });
    }
}
