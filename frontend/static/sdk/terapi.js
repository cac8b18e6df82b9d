// Terapi in the browser: connects your users' accounts from your own page. Types, and what all of it does: terapi.d.ts.
//
//   import Terapi from "https://terapi.example.com/sdk/terapi.js";
//   const { connectionId } = await new Terapi({ connectSessionToken }).auth("github");

export class AuthError extends Error {
    constructor(message, type, logId) {
        super(message);
        this.name = "AuthError";
        this.type = type;
        this.logId = logId;
    }
}

const aborted = () => new AuthError("the authorization was given up", "aborted");
const unfit = () => new AuthError("give credentials of a known kind", "missing_credentials");

function address(text) {
    try {
        return new URL(text);
    } catch {
        throw new AuthError(`${text} is no address`, "invalid_host_url");
    }
}

/** Connection id and options, either of which may be left out. */
const apart = (id, options) => (typeof id === "string" ? [id, options ?? {}] : [undefined, { ...options, ...id }]);

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** What the server refused, from its JSON. */
async function refusal(answer) {
    const { error } = await answer.json().catch(() => ({}));
    return new AuthError(error?.message ?? `the server answered ${answer.status}`, error?.code ?? "unknown_error", error?.log_id);
}

/** Every `status` event of a stream, or the one status of a JSON answer. */
async function* statuses(answer) {
    if (!answer.headers.get("content-type")?.startsWith("text/event-stream")) return yield await answer.json();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; ; ) {
        const { done, value } = await reader.read();
        if (done) return;
        const events = (text + value).split("\n\n");
        text = events.pop();
        for (const event of events) {
            const data = event.split("\n").find((line) => line.startsWith("data:"));
            if (data) yield JSON.parse(data.slice(5));
        }
    }
}

/** Route and body for typed credentials, of no known kind: neither; nothing when a popup is needed. The order decides. */
function typed(credentials, { installation, assertionOption }) {
    const { type, ...fields } = credentials ?? {};
    const has = (...names) => names.every((name) => fields[name] !== undefined);
    if (installation === "outbound") return ["/auth/oauth-outbound/"];
    if (!Object.keys(credentials ?? {}).length || has("oauth_client_id_override", "oauth_client_secret_override")) {
        if (!has("token_id", "token_secret")) return;
    }
    if (type === "TWO_STEP") return ["/auth/two-step/", { ...credentials, ...(assertionOption && { assertionOption }) }];
    if (type === "SIGNATURE") return ["/auth/signature/", credentials];
    if (type === "AWS_SIGV4") return ["/auth/aws-sigv4/", fields];
    if (has("username", "password", "organization_id", "dev_key")) return ["/auth/bill/", fields];
    if (has("apiKey")) return ["/api-auth/api-key/", fields];
    if (has("username") || has("password")) return ["/api-auth/basic/", fields];
    if (type === "JWT" || has("privateKey")) return ["/auth/jwt/", credentials];
    if (has("token_id", "token_secret")) return ["/auth/tba/", fields];
    if (has("client_id")) return ["/oauth2/auth/", fields];
    return [];
}

export default class Terapi {
    #running = new Set();
    #shown;

    constructor(options = {}, publicKey) {
        const given = typeof options === "string" ? { host: options, publicKey } : options;
        this.host = address(given.host ?? new URL("..", import.meta.url)).href.replace(/\/+$/, "");
        this.publicKey = given.publicKey;
        this.connectSessionToken = given.connectSessionToken;
        this.width = given.width ?? 500;
        this.height = given.height ?? 600;
    }

    auth(integration, connectionId, options) {
        [connectionId, options] = apart(connectionId, options);
        this.#needKey();
        if (options.installation === "outbound" && !options.credentials) throw unfit();
        const direct = typed(options.credentials, options);
        const query = this.#query(connectionId, options, !direct);
        if (direct) return this.#send(direct[0], integration, query, direct[1], options.signal);
        return options.returnUrl ? this.#leave(integration, query, options) : this.#popup(integration, query, options);
    }

    reconnect(integration, options) {
        if (!this.connectSessionToken) {
            throw new AuthError("a reconnect needs a connect session token", "missing_connect_session_token");
        }
        return this.auth(integration, options);
    }

    async create(integration, connectionId, options) {
        [connectionId, options] = apart(connectionId, options);
        this.#needKey();
        const query = this.#query(connectionId, options, true);
        return this.#send("/auth/unauthenticated/", integration, query, undefined, options.signal);
    }

    async connect(integrationName, userId, options) {
        try {
            const made = await this.auth(integrationName, userId, options);
            return { integrationName, userId, ...made };
        } catch (error) {
            const { type, message } = error;
            throw Object.assign(error, { integrationName, userId, error: { type, message } });
        }
    }

    openConnectUI(options = {}) {
        const ui = new ConnectUI({ sessionToken: this.connectSessionToken, baseURL: `${this.host}/connect/ui`, apiURL: this.host, ...options });
        ui.open();
        return ui;
    }

    clear() {
        for (const running of this.#running) running.abort();
    }

    /** Something that runs until it is aborted: by `clear`, by the caller's own signal, or because it has ended. */
    #begin(signal) {
        if (signal?.aborted) throw aborted();
        const running = new AbortController();
        this.#running.add(running);
        running.signal.addEventListener("abort", () => this.#running.delete(running));
        signal?.addEventListener("abort", () => running.abort(), { signal: running.signal });
        return running;
    }

    #needKey() {
        if (!this.connectSessionToken && !this.publicKey) {
            throw new AuthError("give a connect session token or a public key", "missing_auth_token");
        }
    }

    #query(connectionId, { params, hmac, user_scope, authorization_params, credentials, returnUrl }, withOwnApp) {
        const query = new URLSearchParams();
        const put = (name, value) => value !== undefined && value !== "" && query.set(name, value);
        put("connection_id", connectionId);
        put("public_key", this.connectSessionToken ? undefined : this.publicKey);
        put("connect_session_token", this.connectSessionToken);
        for (const [name, value] of Object.entries(params ?? {})) {
            if (typeof value === "string") query.set(`params[${name}]`, value);
        }
        put("hmac", hmac);
        put("user_scope", user_scope?.join(","));
        // `undefined` takes a parameter of the provider's away.
        for (const [name, value] of Object.entries(authorization_params ?? {})) query.set(`authorization_params[${name}]`, `${value}`);
        for (const name of ["oauth_client_id_override", "oauth_client_secret_override", "oauth_refresh_token_override"]) {
            if (withOwnApp) put(`credentials[${name}]`, credentials?.[name]);
        }
        put("return_url", returnUrl);
        return query;
    }

    async #post(route, integration, query, body, signal) {
        let answer;
        try {
            answer = await fetch(`${this.host}${route}${encodeURIComponent(integration)}?${query}`, {
                method: "POST",
                headers: { "content-type": "application/json" },
                body: body && JSON.stringify(body),
                credentials: "omit",
                signal,
            });
            if (answer.ok) return await answer.json();
        } catch (error) {
            throw signal.aborted ? aborted() : new AuthError(error.message, "unknown_error");
        }
        throw await refusal(answer);
    }

    async #send(route, integration, query, body, signal) {
        if (!route) throw unfit();
        const running = this.#begin(signal);
        try {
            return await this.#post(route, integration, query, body, running.signal);
        } finally {
            running.abort();
        }
    }

    /** For web views without popups: this page itself goes to the provider, and comes back to `returnUrl`. */
    async #leave(integration, query, { signal }) {
        const { authorize_url } = await this.#send("/oauth/connect/", integration, query, undefined, signal);
        location.assign(authorize_url);
        return new Promise(() => {});
    }

    async #popup(integration, query, { detectClosedAuthWindow, signal }) {
        const running = this.#begin(signal);
        const width = Math.min(this.width, screen.width);
        const height = Math.min(this.height, screen.height);
        const left = screenX + (outerWidth - width) / 2;
        const top = screenY + (outerHeight - height) / 2;
        const popup = open("", "_blank", `popup,width=${width},height=${height},left=${left},top=${top}`);
        if (!popup || popup.closed) {
            running.abort();
            throw new AuthError("the browser blocked the popup", "blocked_by_browser");
        }
        // What runs is given up only for what has its popup.
        this.#shown?.abort();
        this.#shown = running;
        const given = new Promise((_, give) => running.signal.addEventListener("abort", () => give(aborted())));
        const closed = new Promise((_, give) => {
            // Off unless asked for: where a provider isolates its pages, a popup that is open looks closed.
            if (!detectClosedAuthWindow) return;
            const timer = setInterval(async () => {
                if (!popup.closed) return;
                clearInterval(timer);
                // It may have closed because it was done.
                await pause(1500);
                give(new AuthError("the popup was closed before the authorization ended", "window_closed"));
            }, 250);
            running.signal.addEventListener("abort", () => clearInterval(timer));
        });
        const ended = this.#authorize(popup, integration, query, running.signal);
        return Promise.race([ended, closed, given]).finally(() => {
            // The result page closes itself; closed from here while it loads, it may stay for ever.
            setTimeout(() => popup.close(), running.signal.aborted ? 0 : 1000);
            running.abort();
        });
    }

    async #authorize(popup, integration, query, signal) {
        const started = await this.#post("/oauth/connect/", integration, query, undefined, signal);
        popup.location.replace(started.authorize_url);
        const result = await this.#result(started.attempt, this.connectSessionToken ?? started.listener, signal);
        if (result.status === "connected") {
            return {
                providerConfigKey: result.provider_config_key,
                connectionId: result.connection_id,
                isPending: result.is_pending,
            };
        }
        throw new AuthError(result.error.message, result.error.code, result.error.log_id);
    }

    /** Waits for the stored result. A connection that breaks is made again, and loses nothing. */
    async #result(attempt, token, signal) {
        for (let wait = 250; ; wait = Math.min(wait * 2, 4000)) {
            try {
                const answer = await fetch(`${this.host}/connect/ui/result?attempt=${attempt}`, {
                    // After some failures perhaps no stream gets through: then ask again and again.
                    headers: { authorization: `Bearer ${token}`, accept: wait > 1000 ? "application/json" : "text/event-stream" },
                    credentials: "omit",
                    cache: "no-store",
                    signal,
                });
                if ([400, 401, 403, 404].includes(answer.status)) throw await refusal(answer);
                if (answer.ok) {
                    for await (const status of statuses(answer)) if (status.status !== "pending") return status;
                }
            } catch (error) {
                if (error instanceof AuthError || signal.aborted) throw error;
            }
            await pause(wait);
        }
    }
}

export class ConnectUI {
    #frame;
    #ready = false;
    #overflow;
    #opener;

    constructor({ sessionToken, baseURL, apiURL, onEvent, lang, themeOverride, detectClosedAuthWindow }) {
        this.sessionToken = sessionToken;
        this.onEvent = onEvent;
        this.url = address(baseURL);
        if (!this.url.pathname.endsWith("/")) this.url.pathname += "/";
        const query = { apiURL, lang, theme: themeOverride, detectClosedAuthWindow: detectClosedAuthWindow && "true" };
        for (const [name, value] of Object.entries(query)) if (value) this.url.searchParams.set(name, value);
    }

    open() {
        if (this.#frame) return;
        addEventListener("message", this.#heard);
        const frame = (this.#frame = document.createElement("iframe"));
        frame.id = "connect-ui";
        frame.title = "Connect";
        frame.allow = "clipboard-write";
        frame.src = this.url.href;
        frame.style.cssText =
            "position:fixed;inset:0;width:100vw;height:100vh;z-index:9999;border:0;background:transparent;color-scheme:normal";
        this.#opener = document.activeElement;
        this.#overflow = document.body.style.overflow;
        document.body.style.overflow = "hidden";
        document.body.append(frame);
    }

    close() {
        if (!this.#frame) return;
        removeEventListener("message", this.#heard);
        const focused = document.activeElement === this.#frame;
        this.#frame.remove();
        this.#frame = undefined;
        this.#ready = false;
        document.body.style.overflow = this.#overflow;
        if (focused) this.#opener?.focus();
        this.#opener = undefined;
    }

    setSessionToken(token) {
        this.sessionToken = token;
        this.#send();
    }

    #send() {
        if (!this.#ready || !this.sessionToken) return;
        this.#frame.contentWindow.postMessage({ type: "session_token", sessionToken: this.sessionToken }, this.url.origin);
    }

    #heard = ({ origin, source, data }) => {
        if (origin !== this.url.origin || source !== this.#frame?.contentWindow || !data?.type) return;
        if (data.type === "ready") {
            this.#ready = true;
            this.#send();
        }
        if (data.type === "close") this.close();
        this.onEvent?.(data);
    };
}
