// The REST API as plain HTTP, for what the published SDKs cannot say.
import { randomUUID } from "node:crypto";

import { DEMO, type Acme } from "./acme.ts";

export interface RestAnswer<Body = any> {
    status: number;
    body: Body;
}

export interface ConnectSession {
    token: string;
    connect_link: string;
    expires_at: string;
}

/** One environment, by its secret key. */
export class Rest {
    readonly url: string;
    readonly secretKey: string;

    constructor(url: string, secretKey: string) {
        this.url = url;
        this.secretKey = secretKey;
    }

    async call(method: string, path: string, body?: unknown): Promise<RestAnswer> {
        const response = await fetch(`${this.url}${path}`, {
            method,
            headers: {
                authorization: `Bearer ${this.secretKey}`,
                ...(body === undefined ? {} : { "content-type": "application/json" }),
            },
            body: body === undefined ? undefined : JSON.stringify(body),
        });
        const text = await response.text();
        return { status: response.status, body: text === "" ? null : JSON.parse(text) };
    }

    /** A call whose answer must be a success. */
    async must(method: string, path: string, body?: unknown): Promise<any> {
        const answer = await this.call(method, path, body);
        if (answer.status >= 300) {
            throw new Error(`${method} ${path} was answered with ${answer.status}: ${JSON.stringify(answer.body)}`);
        }
        return answer.body;
    }

    /** Creates an integration for one of Acme's three modes and returns its key, which no other test has. */
    async createAcme(acme: Acme, provider: AcmeProvider = "acme", changes: object = {}): Promise<string> {
        const unique_key = uniqueKey(provider);
        await this.must("POST", "/integrations", {
            provider,
            unique_key,
            integration_config: { base_url: acme.url },
            ...(provider === "acme"
                ? { credentials: { type: "OAUTH2", client_id: DEMO.clientId, client_secret: DEMO.clientSecret } }
                : {}),
            ...changes,
        });
        return unique_key;
    }

    /** Opens a Connect session for one integration. */
    async openSession(integration: string, changes: object = {}): Promise<ConnectSession> {
        const { data } = await this.must("POST", "/connect/sessions", {
            end_user: { id: `user-${randomUUID()}`, email: "ada@example.com", display_name: "Ada Lovelace" },
            allowed_integrations: [integration],
            ...changes,
        });
        return data as ConnectSession;
    }

    /** Connects an API key as the browser SDK does, and returns the connection's id. */
    async connectWithKey(integration: string, session: object = {}): Promise<string> {
        const { token } = await this.openSession(integration, session);
        const path = `/api-auth/api-key/${integration}?${new URLSearchParams({ connect_session_token: token })}`;
        return (await this.must("POST", path, { apiKey: DEMO.apiKey })).connectionId;
    }

    /** A connection with its credentials. */
    async connection(integration: string, connection: string, flags: Record<string, string> = {}): Promise<any> {
        const query = new URLSearchParams({ provider_config_key: integration, ...flags });
        return this.must("GET", `/connections/${encodeURIComponent(connection)}?${query}`);
    }

    /** The connections of one integration. */
    async connections(integration: string): Promise<any[]> {
        return (await this.must("GET", `/connections?${new URLSearchParams({ integrationId: integration })}`)).connections;
    }
}

export type AcmeProvider = "acme" | "acme-api-key" | "acme-basic";

/** A name that no other test takes. */
export function uniqueKey(prefix: string): string {
    return `${prefix}-${randomUUID().slice(0, 8)}`;
}
