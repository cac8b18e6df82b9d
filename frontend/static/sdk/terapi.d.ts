/** Types of terapi.js. What is wrong with how a method is called (no key, no credentials) it throws; all else rejects. Either
 *  is an `AuthError`. */

export interface Options {
    /** Where Terapi runs; where terapi.js came from when left out. */
    host?: string;
    /** A token of `POST /connect/sessions`, opened by your backend for one end user. */
    connectSessionToken?: string;
    /** The environment's public key, where it is switched on. Not together with a session token. */
    publicKey?: string;
    /** Size of the popup, 500 by 600 when left out. */
    width?: number;
    height?: number;
}

export type Credentials = Record<string, unknown> & { type?: string };

export interface AuthOptions {
    /** Connection config: what the provider's addresses and requests need, a subdomain for example. */
    params?: Record<string, string>;
    /** Scopes on behalf of the user, for providers that tell them apart. */
    user_scope?: string[];
    /** Parameters of the consent page; `undefined` takes one of the provider's away. */
    authorization_params?: Record<string, string | undefined>;
    /** Hex HMAC-SHA256 of `<integration>` or `<integration>:<connection id>`, with a public key where HMAC is on. */
    hmac?: string;
    /** What the user typed (`{ apiKey }`, `{ username, password }`, …), or their own OAuth app, which needs both
     *  (`{ oauth_client_id_override, oauth_client_secret_override }`). What is of no known kind rejects with
     *  `missing_credentials`. */
    credentials?: Credentials;
    assertionOption?: Record<string, string>;
    /** Needs `credentials`, if only `{}`. */
    installation?: "outbound";
    /** Reject with `window_closed` when the user closes the popup. Leave it off for providers that isolate their pages. */
    detectClosedAuthWindow?: boolean;
    /** Leave this page for the provider and come back to this address, in place of a popup. Its origin must be among the
     *  environment's allowed origins. Read `status`, `connection_id`, `provider_config_key` and `error` from its query. */
    returnUrl?: string;
    /** Gives the attempt up: it rejects with `aborted`, its popup closes. */
    signal?: AbortSignal;
}

export interface AuthResult {
    providerConfigKey: string;
    connectionId: string;
    /** Waits for somebody's approval at the provider. Popups only. */
    isPending?: boolean;
}

export interface ConnectResult extends AuthResult {
    integrationName: string;
    userId?: string;
}

/** What `connect` rejects with. */
export interface ConnectFailure extends AuthError {
    integrationName: string;
    userId?: string;
    error: { type: string; message: string };
}

/** Every failure. `type` is one of `missing_auth_token`, `missing_connect_session_token`, `missing_credentials`,
 *  `invalid_host_url`, `blocked_by_browser`, `window_closed`, `aborted`, `unknown_error` (no server could be reached, or what
 *  answered was none), or a code of the server. `logId` finds the attempt under Logs. */
export declare class AuthError extends Error {
    constructor(message: string, type: string, logId?: string);
    readonly type: string;
    readonly logId?: string;
}

/** Connects your users' accounts from your own page. Call it in the click itself, or the browser blocks the popup. */
export default class Terapi {
    constructor(options?: Options);
    constructor(host: string, publicKey?: string);
    /** Connects an account: with typed credentials, or in a popup at the provider. */
    auth(integration: string, options?: AuthOptions): Promise<AuthResult>;
    auth(integration: string, connectionId: string | undefined, options?: AuthOptions): Promise<AuthResult>;
    /** Renews the connection that the session was opened for. */
    reconnect(integration: string, options?: AuthOptions): Promise<AuthResult>;
    /** Makes a connection to an API that needs no credentials. */
    create(integration: string, options?: AuthOptions): Promise<AuthResult>;
    create(integration: string, connectionId: string | undefined, options?: AuthOptions): Promise<AuthResult>;
    /** `auth` by its oldest name and shape: the user's id names the connection. */
    connect(integration: string, userId?: string, options?: AuthOptions): Promise<ConnectResult>;
    /** Opens the Connect UI over the page. */
    openConnectUI(options?: ConnectUIOptions): ConnectUI;
    /** Gives up whatever runs, which rejects with `aborted`, and closes its popup. */
    clear(): void;
}

export type ConnectUIEvent =
    | { type: "ready" }
    | { type: "connect"; payload: AuthResult }
    | { type: "error"; payload: { errorType: string; errorMessage: string } }
    | { type: "close" };

export interface ConnectUIOptions {
    sessionToken?: string;
    /** Where the Connect UI is, `<host>/connect/ui` when left out. */
    baseURL?: string;
    /** Where the API is, `host` when left out. */
    apiURL?: string;
    onEvent?: (event: ConnectUIEvent) => void;
    /** `en`, `fr`, `de`, `es` or `ja`; the browser's when left out. */
    lang?: string;
    themeOverride?: "light" | "dark" | "system";
    detectClosedAuthWindow?: boolean;
}

/** The Connect UI in a frame over the page. */
export declare class ConnectUI {
    constructor(options: ConnectUIOptions & { baseURL: string });
    /** Shows it, unless it is shown already. */
    open(): void;
    /** Takes it away. */
    close(): void;
    /** Hands the session over, now or as soon as the frame is ready. */
    setSessionToken(token: string): void;
}
