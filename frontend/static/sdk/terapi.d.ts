/** Types of terapi.js. */

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
    /** What the user typed (`{ apiKey }`, `{ username, password }`, …), or their own OAuth app
     *  (`{ oauth_client_id_override, oauth_client_secret_override }`). */
    credentials?: Credentials;
    assertionOption?: Record<string, string>;
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

/** `type` is one of `missing_auth_token`, `missing_connect_session_token`, `missing_credentials`, `invalid_host_url`,
 *  `blocked_by_browser`, `window_closed`, `aborted`, or a code of the server. */
export declare class AuthError extends Error {
    constructor(message: string, type: string, logId?: string);
    readonly type: string;
    readonly logId?: string;
}

export default class Terapi {
    constructor(options?: Options);
    constructor(host: string, publicKey?: string);
    auth(integration: string, options?: AuthOptions): Promise<AuthResult>;
    auth(integration: string, connectionId: string | undefined, options?: AuthOptions): Promise<AuthResult>;
    reconnect(integration: string, options?: AuthOptions): Promise<AuthResult>;
    create(integration: string, options?: AuthOptions): Promise<AuthResult>;
    create(integration: string, connectionId: string | undefined, options?: AuthOptions): Promise<AuthResult>;
    connect(integration: string, userId?: string, options?: AuthOptions): Promise<ConnectResult>;
    openConnectUI(options?: ConnectUIOptions): ConnectUI;
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

export declare class ConnectUI {
    constructor(options: ConnectUIOptions & { baseURL: string });
    open(): void;
    close(): void;
    setSessionToken(token: string): void;
}
