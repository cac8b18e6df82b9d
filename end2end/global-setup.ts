// Starts Acme and the release binary for one run of the tests, and stops them after it. The
// binary is copied to an empty folder and gets an environment of its own, so that nothing of
// the checkout can make up for what it should carry inside.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const RELEASE = resolve(import.meta.dirname, "../target/release");
const OWNER = { email: "owner@example.com", password: "correct horse battery staple" };

function freePort(): Promise<number> {
    return new Promise((done) => {
        const probe = createServer().listen(0, "127.0.0.1", () => {
            const { port } = probe.address() as AddressInfo;
            probe.close(() => done(port));
        });
    });
}

async function untilAnswers(url: string, child: ChildProcess, log: string): Promise<void> {
    for (const end = Date.now() + 15_000; Date.now() < end; await pause(20)) {
        if (child.exitCode !== null) break;
        const response = await fetch(url).catch(() => null);
        await response?.body?.cancel();
        if (response !== null && response.status < 500) return;
    }
    throw new Error(`${url} does not answer\n${readFileSync(log, "utf8")}`);
}

function stop(child: ChildProcess): Promise<void> {
    return new Promise((done) => {
        if (child.exitCode !== null || child.signalCode !== null) return done();
        child.once("exit", () => done());
        child.kill("SIGTERM");
    });
}

export default async function start(): Promise<() => Promise<void>> {
    const folder = mkdtempSync(join(tmpdir(), "terapi-end2end-"));
    const children: ChildProcess[] = [];
    const stopAll = async () => {
        await Promise.all(children.map(stop));
        rmSync(folder, { recursive: true, force: true });
    };
    const run = async (program: string, args: string[], env: Record<string, string>, ready: string) => {
        const log = join(folder, `${program}.log`);
        const output = openSync(log, "a");
        const child = spawn(join(folder, program), args, { cwd: folder, env, stdio: ["ignore", output, output] });
        children.push(child);
        await untilAnswers(ready, child, log);
    };

    try {
        for (const program of ["terapi", "acme"]) cpSync(join(RELEASE, program), join(folder, program));
        const [port, acmePort] = [await freePort(), await freePort()];
        const url = `http://localhost:${port}`;
        const acme = `http://127.0.0.1:${acmePort}`;
        const env = {
            TERAPI_LISTEN: `127.0.0.1:${port},[::1]:${port}`,
            TERAPI_PUBLIC_URL: url,
            TERAPI_DATA_DIR: join(folder, "data"),
            TERAPI_DEMO: acme,
            // All of loopback: the tests bring further authorization servers of their own.
            TERAPI_EGRESS_ALLOW: "127.0.0.1/32,::1/128",
        };
        writeFileSync(join(folder, "password"), OWNER.password, { mode: 0o600 });
        const account = execFileSync(
            join(folder, "terapi"),
            ["admin", "bootstrap", "--email", OWNER.email, "--password-file", "password", "--json"],
            { cwd: folder, env, encoding: "utf8" },
        );
        await run("acme", ["--listen", `127.0.0.1:${acmePort}`], {}, `${acme}/`);
        await run("terapi", ["serve"], env, `${url}/ready`);

        // Playwright hands the environment on to its workers.
        process.env.TERAPI_TEST_URL = url;
        process.env.TERAPI_TEST_ACME = acme;
        process.env.TERAPI_TEST_OWNER = JSON.stringify(OWNER);
        process.env.TERAPI_TEST_ACCOUNT = account;
        process.env.TERAPI_TEST_LOG = join(folder, "terapi.log");
    } catch (error) {
        await stopAll();
        throw error;
    }
    return stopAll;
}
