// The instance that global-setup.ts has started, as the tests see it. Playwright also reads the tests to list them,
// without having started anything; then there are only empty names.
import { environmentOf, type Account, type Environment } from "./account.ts";

const { TERAPI_TEST_URL, TERAPI_TEST_ACCOUNT, TERAPI_TEST_LOG } = process.env;

/** Where Terapi is, without a slash at the end. */
export const url = TERAPI_TEST_URL ?? "http://localhost";

function environment(name: "dev" | "prod"): Environment {
    if (TERAPI_TEST_ACCOUNT === undefined) return { name, secret_key: "-", public_key: "-", webhook_signing_key: "-" };
    return environmentOf(JSON.parse(TERAPI_TEST_ACCOUNT) as Account, name);
}

/** Where tests make what they need, under names of their own. Nothing is made in `prod`, whose pages are empty. */
export const dev = environment("dev");

/** The server's log file; tests look in it for what must never be there. */
export const logFile = TERAPI_TEST_LOG ?? "";
