// Signing in without a browser: the same form, posted as a browser without JavaScript would.
import type { Owner } from "./account.ts";

/** The operator's cookie. */
export interface SessionCookie {
    name: string;
    value: string;
}

/** Signs in and returns the session's cookie. */
export async function signIn(url: string, { email, password }: Owner): Promise<SessionCookie> {
    const response = await fetch(`${url}/app/~/sign-in`, {
        method: "POST",
        redirect: "manual",
        headers: { origin: url, "sec-fetch-site": "same-origin" },
        body: new URLSearchParams({ email, password }),
    });
    const cookie = response.headers.getSetCookie().map((line) => line.split(";")[0] ?? "");
    const [name, value] = (cookie[0] ?? "").split(/=(.*)/s);
    if (response.status !== 303 || !name || !value) {
        throw new Error(`signing in was answered with ${response.status}: ${await response.text()}`);
    }
    return { name, value };
}
