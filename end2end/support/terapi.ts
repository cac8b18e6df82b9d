// A whole instance of Terapi: its program, and the folder that holds all of its data.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Account, Owner } from "./account.ts";
import { freePort, Program, TERAPI_BINARY } from "./program.ts";

export interface TerapiOptions {
    /** Another copy of the program. */
    program?: string;
    /** Settings beside address and data folder. */
    environment?: Record<string, string>;
}

/** An instance on a port and with data of its own. */
export class Terapi {
    readonly url: string;
    readonly folder: string;
    readonly log: string;
    readonly environment: Record<string, string>;
    readonly #program: string;
    #running: Program | null = null;

    private constructor(port: number, { program = TERAPI_BINARY, environment = {} }: TerapiOptions) {
        this.#program = program;
        this.folder = mkdtempSync(join(tmpdir(), "terapi-end2end-"));
        this.url = `http://localhost:${port}`;
        this.log = join(this.folder, "terapi.log");
        this.environment = {
            TERAPI_LISTEN: `127.0.0.1:${port},[::1]:${port}`,
            TERAPI_PUBLIC_URL: this.url,
            TERAPI_DATA_DIR: join(this.folder, "data"),
            // All of loopback: the tests bring authorization servers of their own.
            TERAPI_EGRESS_ALLOW: "127.0.0.1/32,::1/128",
            ...environment,
        };
    }

    /** An instance that does not run yet. */
    static async prepare(options: TerapiOptions = {}): Promise<Terapi> {
        return new Terapi(await freePort(), options);
    }

    /** A running instance. */
    static async start(options: TerapiOptions = {}): Promise<Terapi> {
        const terapi = await Terapi.prepare(options);
        try {
            await terapi.start();
        } catch (error) {
            await terapi.end();
            throw error;
        }
        return terapi;
    }

    /** Starts it, for the first time or again, and waits until it is ready. */
    async start(): Promise<void> {
        await this.launch().untilAnswering(`${this.url}/ready`);
    }

    /** Starts it and waits for nothing: for starts that must be refused. */
    launch(): Program {
        this.#running = new Program(this.#program, {
            args: ["serve"],
            environment: this.environment,
            folder: this.folder,
            log: this.log,
        });
        return this.#running;
    }

    /** The program that runs. */
    get running(): Program {
        if (this.#running === null) throw new Error("this instance was not started");
        return this.#running;
    }

    /** Creates the first owner without a browser; only before any other account. */
    bootstrap(owner: Owner): Account {
        const password = join(this.folder, "password");
        writeFileSync(password, owner.password, { mode: 0o600 });
        const args = ["admin", "bootstrap", "--email", owner.email, "--password-file", password, "--json"];
        const account = execFileSync(this.#program, args, {
            cwd: this.folder,
            env: this.environment,
            encoding: "utf8",
            stdio: ["ignore", "pipe", "pipe"],
        });
        return JSON.parse(account) as Account;
    }

    /** The link that an empty instance prints at its start. */
    get setupLink(): string {
        const link = this.running.output.match(/https?:\/\/\S+\/app\/~\/setup\/\S+/);
        if (link === null) throw new Error(`no setup link was printed\n${this.running.output}`);
        return link[0];
    }

    /** Takes the setup link out of what was printed: it is meant for whoever started the server. */
    dropPrinted(link: string): void {
        writeFileSync(this.log, this.running.output.replace(`    ${link}\n`, ""));
    }

    /** Ends the program as a power cut would, and starts it on the same data. */
    async crash(): Promise<void> {
        await this.running.kill();
        await this.start();
    }

    /** Stops it and deletes its folder. */
    async end(): Promise<void> {
        await this.#running?.stop();
        rmSync(this.folder, { recursive: true, force: true });
    }
}
