// An end user's browser reduced to redirects and cookies: for tests that need a connection and not a window.
import type { Rest } from "./rest.ts";

/** Connects an OAuth 2.0 integration whose provider asks nothing, and returns the connection's id. */
export async function authorize(rest: Rest, integration: string, session: object = {}): Promise<string> {
    const { token } = await rest.openSession(integration, session);
    const before = new Set((await rest.connections(integration)).map(({ connection_id }) => connection_id));
    let cookie = "";
    let next = `${rest.url}/oauth/connect/${integration}?${new URLSearchParams({ connect_session_token: token })}`;
    for (;;) {
        const response = await fetch(next, { redirect: "manual", headers: next.startsWith(rest.url) ? { cookie } : {} });
        if (next.startsWith(rest.url)) cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? cookie;
        const location = response.headers.get("location");
        if (location === null) {
            if (response.status === 200) break;
            throw new Error(`${next} was answered with ${response.status}: ${await response.text()}`);
        }
        await response.body?.cancel();
        next = new URL(location, next).href;
    }
    const made = (await rest.connections(integration)).find(({ connection_id }) => !before.has(connection_id));
    if (made === undefined) throw new Error(`no connection to ${integration} was made`);
    return made.connection_id;
}
