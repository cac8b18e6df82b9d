// A running Acme on a port of its own.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Acme } from "./acme.ts";
import { ACME_BINARY, freePort, Program } from "./program.ts";

/** Starts Acme, lends it, and stops it. */
export async function withAcme(use: (acme: Acme) => Promise<void>): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "terapi-acme-"));
    const address = `127.0.0.1:${await freePort()}`;
    const program = new Program(ACME_BINARY, { args: ["--listen", address], folder, log: join(folder, "acme.log") });
    try {
        await program.untilAnswering(`http://${address}/`);
        await use(new Acme(`http://${address}`));
    } finally {
        await program.stop();
        rmSync(folder, { recursive: true, force: true });
    }
}
