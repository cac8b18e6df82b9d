// Programs that tests start and stop, each by its own process id.
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { dirname, join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const RELEASE = resolve(import.meta.dirname, "../../target/release/terapi");

/** Terapi as it was built: the release, unless TERAPI_TEST_BINARY names another. */
export const TERAPI_BINARY = resolve(process.env.TERAPI_TEST_BINARY ?? RELEASE);

/** Acme, which lies beside it. */
export const ACME_BINARY = join(dirname(TERAPI_BINARY), "acme");

/** A port of loopback that nobody listens on. */
export function freePort(): Promise<number> {
    return new Promise((done) => {
        const probe = createServer().listen(0, "127.0.0.1", () => {
            const { port } = probe.address() as AddressInfo;
            probe.close(() => done(port));
        });
    });
}

export interface Start {
    args: string[];
    /** All of its environment: nothing is inherited. */
    environment?: Record<string, string>;
    folder: string;
    /** Everything it prints is appended to this file. */
    log: string;
}

/** A running program. */
export class Program {
    readonly pid: number;
    readonly #child: ChildProcess;
    readonly #log: string;
    readonly #ended: Promise<number | null>;

    constructor(path: string, { args, environment = {}, folder, log }: Start) {
        const output = openSync(log, "a");
        this.#log = log;
        this.#child = spawn(path, args, { cwd: folder, env: environment, stdio: ["ignore", output, output] });
        closeSync(output);
        this.#ended = new Promise((done, failed) => {
            this.#child.once("error", failed);
            this.#child.once("exit", (code) => done(code));
        });
        // Whoever asks is told; a program that cannot be started must not end the whole run before that.
        this.#ended.catch(() => undefined);
        this.pid = this.#child.pid ?? 0;
    }

    /** What it has printed, and those before it with the same log. */
    get output(): string {
        return readFileSync(this.#log, "utf8");
    }

    /** Its exit code once it has ended; null when a signal ended it. */
    get ended(): Promise<number | null> {
        return this.#ended;
    }

    /** Waits for a GET of `url` that is answered with less than 500. */
    async untilAnswering(url: string): Promise<void> {
        let ended = false;
        this.#ended.then(
            () => (ended = true),
            () => (ended = true),
        );
        for (const end = Date.now() + 15_000; Date.now() < end && !ended; await pause(10)) {
            const response = await fetch(url).catch(() => null);
            await response?.body?.cancel();
            if (response !== null && response.status < 500) return;
        }
        throw new Error(`${url} does not answer\n${this.output}`);
    }

    /** Asks it to end, and waits until it has. */
    async stop(): Promise<void> {
        this.#child.kill("SIGTERM");
        await this.#ended;
    }

    /** Ends it as a power cut would. */
    async kill(): Promise<void> {
        this.#child.kill("SIGKILL");
        await this.#ended;
    }
}
