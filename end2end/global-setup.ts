// Starts one instance for the whole run, with an owner, and stops it after the last test. Tests that stop, break
// or configure an instance start one of their own (support/terapi.ts).
import { existsSync } from "node:fs";

import { owner } from "./support/account.ts";
import { ACME_BINARY, TERAPI_BINARY } from "./support/program.ts";
import { Terapi } from "./support/terapi.ts";

export default async function start(): Promise<() => Promise<void>> {
    for (const program of [TERAPI_BINARY, ACME_BINARY]) {
        if (!existsSync(program)) throw new Error(`${program} is not there: run the tests with ./dev e2e`);
    }
    const terapi = await Terapi.prepare();
    try {
        const account = terapi.bootstrap(owner);
        await terapi.start();
        // Playwright hands the environment on to its workers.
        process.env.TERAPI_TEST_URL = terapi.url;
        process.env.TERAPI_TEST_ACCOUNT = JSON.stringify(account);
        process.env.TERAPI_TEST_LOG = terapi.log;
    } catch (error) {
        await terapi.end();
        throw error;
    }
    return () => terapi.end();
}
