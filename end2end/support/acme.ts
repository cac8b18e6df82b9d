// Acme's control endpoints, typed. What each member means is said once, in server/testkit/src/script.rs.

export type Answer =
    | { kind: "ok" | "hold" | "drop_answer" | "never" | "close_connection" }
    | { kind: "invalid_grant" | "malformed_json" | "no_access_token" | "empty" }
    | { kind: "slow"; delay_ms: number }
    | { kind: "html"; status: number }
    | { kind: "error"; status: number; error: string; description?: string }
    | { kind: "rate_limited"; retry_after: number }
    | { kind: "oversized"; bytes: number }
    | { kind: "redirect"; location: string }
    | { kind: "raw"; status: number; content_type: string; body: string };

export interface Script {
    auto_approve: boolean;
    deny: { error?: string; description?: string | null } | null;
    coop: "same-origin" | "same-origin-allow-popups" | "noopener-allow-popups" | null;
    iss: "absent" | "right" | "missing" | { wrong: string };
    callback_params: Record<string, string>;
    require_pkce: boolean;
    client_auth: "any" | "body" | "basic";
    code_life: number;
    access_token_life: number;
    expires_in: "number" | "string" | "float" | "negative" | "null" | "nonsense" | "absent";
    issue_refresh_token: boolean;
    rotation: "rotate" | "repeat" | "omit";
    granted_scopes: string[] | null;
    token_extra: Record<string, unknown>;
    token: Answer;
    token_once: Answer[];
    token_delay_ms: number;
    refresh: Answer;
    refresh_once: Answer[];
    refresh_delay_ms: number;
    revocation: Answer;
    me_status: number | null;
    outage: boolean;
}

export interface SeenRequest {
    number: number;
    at_ms: number;
    method: string;
    path: string;
    query_names: string[];
    body_names: string[];
    header_names: string[];
    credential: "none" | "body" | "basic" | "both" | "bearer" | "api_key";
    grant_type: string | null;
    content_type: string | null;
    user_agent: string | null;
    /** Null while there is no answer, and for ever when the connection was closed. */
    status: number | null;
}

export interface Counters {
    authorizations: number;
    token_requests: number;
    exchanges: number;
    refreshes: number;
    revocations: number;
    introspections: number;
    api_requests: number;
    reuses: number;
}

export interface Client {
    client_id: string;
    /** Left out for a public client. */
    client_secret?: string;
    name?: string;
    /** Left out to accept any. */
    redirect_uris?: string[];
}

/** What the program prints at its start. */
export const DEMO = {
    clientId: "acme-demo",
    clientSecret: "acme-demo-secret",
    apiKey: "acme_live_demo",
    user: "demo",
    password: "demo",
} as const;

/** A running Acme, such as `new Acme("http://127.0.0.1:4010")`. One Acme has one script: tests that change it need their own. */
export class Acme {
    readonly url: string;

    constructor(url: string) {
        this.url = url.replace(/\/+$/, "");
    }

    /** Changes what is named; the rest of the script stays. */
    async script(changes: Partial<Script>): Promise<Script> {
        return this.#json<Script>("PATCH", "script", changes);
    }

    async readScript(): Promise<Script> {
        return this.#json<Script>("GET", "script");
    }

    async requests(): Promise<SeenRequest[]> {
        return (await this.#seen()).requests;
    }

    async counters(): Promise<Counters> {
        return (await this.#seen()).counters;
    }

    async registerClient(client: Client): Promise<void> {
        await this.#call("POST", "clients", client);
    }

    /** Moves Acme's time forward, in whole seconds. */
    async advance(seconds: number): Promise<void> {
        await this.#call("POST", "advance", { seconds });
    }

    /** Lets that many answers of the kind `hold` go, now or when they come. */
    async release(answers = 1): Promise<void> {
        await this.#call("POST", "release", { answers });
    }

    /** Ends every grant, as when users remove the client in their account settings. */
    async revokeGrants(): Promise<void> {
        await this.#call("POST", "revoke-grants", {});
    }

    /** Forgets everything: script, clients, tokens, records and time. */
    async reset(): Promise<void> {
        await this.#call("POST", "reset", {});
    }

    #seen(): Promise<{ requests: SeenRequest[]; counters: Counters }> {
        return this.#json("GET", "requests");
    }

    async #json<T>(method: string, path: string, body?: unknown): Promise<T> {
        return (await (await this.#call(method, path, body)).json()) as T;
    }

    async #call(method: string, path: string, body?: unknown): Promise<Response> {
        const response = await fetch(`${this.url}/_control/${path}`, {
            method,
            headers: body === undefined ? {} : { "content-type": "application/json" },
            body: body === undefined ? undefined : JSON.stringify(body),
        });
        if (!response.ok) {
            throw new Error(`Acme answered ${response.status} to ${method} ${path}: ${await response.text()}`);
        }
        return response;
    }
}
