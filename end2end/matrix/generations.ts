// The protocol generations of the published SDKs, one release of each, and what each of them can be asked to do.

/** Which of the two SDKs. */
export type Sdk = "node" | "frontend";

/** One generation: its name in the table, and the release that stands for it. */
export interface Generation {
    name: string;
    version: string;
}

/** One line of a table: something that a release can do, or the reason why it cannot. */
export interface Capability<Name extends string = string> {
    name: Name;
    /** Why a release cannot do it; null when it can, and so must pass. */
    absent(version: string): string | null;
}

const NODE = "0.9.0 0.16.0 0.22.36 0.23.31 0.24.12 0.26.13 0.38.5 0.42.11 0.58.1 0.60.5 0.66.2 0.67.0 0.69.7 0.69.10 0.69.18 0.70.6 0.71.9 0.71.10";
const FRONTEND =
    "0.8.0 0.9.0 0.21.17 0.24.13 0.33.8 0.36.89 0.40.8 0.42.10 0.42.13 0.42.18 0.42.22 0.58.4 0.61.3 0.62.0 0.68.1 0.69.31 0.70.9 0.71.2 0.71.7 0.71.10";

/** Every generation, oldest first. */
export const generations: Record<Sdk, Generation[]> = { node: numbered("N", NODE), frontend: numbered("F", FRONTEND) };

/** Those that this run looks at: the oldest and the newest, unless TERAPI_TEST_MATRIX asks for all. */
export function chosen(sdk: Sdk): Generation[] {
    const all = generations[sdk];
    return process.env.TERAPI_TEST_MATRIX === "all" ? all : [all[0]!, all.at(-1)!];
}

/** Whether `version` is not older than `first`. */
export function since(version: string, first: string): boolean {
    return version.localeCompare(first, "en", { numeric: true }) >= 0;
}

/** What the node SDK can be asked to do. */
export const nodeCapabilities = capabilities({
    authentication: always,
    refusals: always,
    "connections: list": always,
    "connections: list with filters": from("0.17.6", "listConnections() takes no filter that reaches the server"),
    "connections: read": always,
    "connections: token": always,
    "connections: forced refresh": from("0.15.0", "cannot ask for a refresh"),
    "connections: create": (version) =>
        between(version, "0.21.16", "0.25.9", "has no createConnection()", "createConnection() and importConnection() throw in the client"),
    "connections: change": from("0.67.8", "has no patchConnection()"),
    "connections: delete": from("0.26.13", "has no deleteConnection()"),
    metadata: from("0.27.7", "has no metadata methods"),
    "field mappings": (version) =>
        between(version, "0.21.16", "0.27.7", "has no field mappings", "has metadata in their place"),
    "integrations: read": from("0.22.36", "has no getIntegration()"),
    "integrations: list": from("0.35.27", "has no listIntegrations()"),
    "integrations: create, change, delete": from("0.35.27", "has no such methods"),
    "integrations: quickstart": from("0.70.2", "has no createQuickstartIntegration()"),
    providers: from("0.42.13", "has no provider methods"),
    "connect sessions": from("0.42.14", "has no session methods"),
    "connect sessions: reconnect": from("0.47.1", "has no createReconnectSession()"),
    "waiting for a connection": from("0.69.10", "has no waitForConnection()"),
    "environment variables": from("0.32.10", "has no getEnvironmentVariables()"),
    "webhooks: signature": from("0.39.33", "has no verifyWebhookSignature()"),
    "webhooks: whole request": from("0.69.15", "has no verifyIncomingWebhookRequest()"),
    proxy: () => "a later step; not tested here",
});

/** What the browser SDK can be asked to do. */
export const frontendCapabilities = capabilities({
    "popup with a session token": always,
    "popup with the public key": always,
    "provider refuses": always,
    "refused before the redirect": always,
    "closed popup": (version) =>
        version === "0.8.0" ? null : from("0.35.21", "does not look whether its popup is open")(version),
    "blocked popup": (version) =>
        version === "0.8.0" ? null : from("0.42.13", "does not look whether its popup was opened, and never settles")(version),
    "params, scopes and authorization params": always,
    HMAC: from("0.16.1", "sends no HMAC"),
    "own OAuth app of the end user": from("0.39.33", "refuses the two overrides in the client"),
    "reconnect()": from("0.48.0", "has no reconnect()"),
    "credentials: API key": from("0.24.13", "knows no credentials"),
    "credentials: user name and password": from("0.24.13", "knows no credentials"),
    "credentials refused": (version) =>
        between(version, "0.29.7", "9", version === "0.24.13" ? "does not read the answer" : "knows no credentials", ""),
    "create() without credentials": from("0.33.8", "has no create()"),
    "modes that are not built": from("0.36.89", "has no credentials of other modes"),
    "Connect UI: opened and closed": from("0.42.13", "has no openConnectUI()"),
    "Connect UI: language and theme": from("0.68.1", "cannot choose both"),
    "Connect UI: API key": from("0.42.15", "cannot hand a session token to the iframe"),
    "Connect UI: OAuth": from("0.42.15", "cannot hand a session token to the iframe"),
});

export type NodeCapability = (typeof nodeCapabilities)[number]["name"];
export type FrontendCapability = (typeof frontendCapabilities)[number]["name"];

/** Both lists, by SDK. */
export const capabilitiesOf: Record<Sdk, readonly Capability[]> = { node: nodeCapabilities, frontend: frontendCapabilities };

function numbered(letter: string, versions: string): Generation[] {
    return versions.split(" ").map((version, at) => ({ name: `${letter}${at + 1}`, version }));
}

function capabilities<Name extends string>(table: Record<Name, Capability["absent"]>): Capability<Name>[] {
    return (Object.entries(table) as [Name, Capability["absent"]][]).map(([name, absent]) => ({ name, absent }));
}

function always(): null {
    return null;
}

function from(first: string, reason: string): Capability["absent"] {
    return (version) => (since(version, first) ? null : reason);
}

/** From `first` on and before `end`. */
function between(version: string, first: string, end: string, before: string, after: string): string | null {
    if (!since(version, first)) return before;
    return since(version, end) ? after : null;
}

/** The annotation of a cell's test, by which the table finds its place. */
export const CELL = "cell";

/** A cell's name, in annotations. */
export function cellOf(sdk: Sdk, { name }: Generation, capability: string): string {
    return `${sdk} ${name} ${capability}`;
}
