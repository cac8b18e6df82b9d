// Measures target/release/terapi and the files it embeds: sizes, time to ready, memory, and how
// fast it answers. With --gate, only what has a budget, and a number over its budget fails.
//
//   node .ci/measure.mjs [--gate]
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { Agent, get } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const BINARY = resolve("target/release/terapi");
const PACKAGE = resolve("target/embed/pkg");
const KB = 1000;
const MB = 1000 * KB;

const gate = process.argv.includes("--gate");
let over = 0;

function report(what, value, unit, budget) {
    const number = unit === "B" ? `${(value / KB).toFixed(1)} kB` : `${value.toFixed(unit === "ms" ? 1 : 0)} ${unit}`;
    const limit = budget === undefined ? "" : unit === "B" ? ` (at most ${budget / KB} kB)` : ` (at most ${budget} ${unit})`;
    const failed = budget !== undefined && value > budget;
    if (failed) over += 1;
    console.log(`${failed ? "OVER" : "    "} ${what.padEnd(28)} ${number.padStart(12)}${limit}`);
}

function measureFiles() {
    report("binary", statSync(BINARY).size, "B", 35 * MB);
    const names = readdirSync(PACKAGE);
    const total = (end) =>
        names.filter((name) => name.endsWith(end)).reduce((sum, name) => sum + statSync(join(PACKAGE, name)).size, 0);
    report("wasm", total(".wasm"), "B", 1.8 * MB);
    report("wasm, brotli", total(".wasm.br"), "B", 150 * KB);
    report("its loader, brotli", total(".js.br"), "B", 10 * KB);
    report("stylesheet, brotli", total(".css.br"), "B", 25 * KB);
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

function status(url) {
    return new Promise((done) => {
        const request = get(url, { agent }, (response) => {
            response.resume();
            response.on("end", () => done(response.statusCode));
        });
        request.on("error", () => done(0));
    });
}

function freePort() {
    return new Promise((done) => {
        const probe = createServer().listen(0, "127.0.0.1", () => {
            const { port } = probe.address();
            probe.close(() => done(port));
        });
    });
}

// Starts the server with nothing of this process's environment, and waits until it is ready.
async function start(folder) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const started = performance.now();
    const child = spawn(BINARY, ["serve"], {
        cwd: folder,
        env: { TERAPI_LISTEN: `127.0.0.1:${port}`, TERAPI_DATA_DIR: join(folder, "data"), TERAPI_PUBLIC_URL: url },
        stdio: ["ignore", "ignore", "pipe"],
    });
    let complaints = "";
    child.stderr.on("data", (text) => (complaints += text));
    const ended = new Promise((done) => child.once("exit", done));
    while ((await status(`${url}/ready`)) !== 200) {
        if (child.exitCode !== null || performance.now() - started > 30_000) {
            child.kill();
            throw new Error(`the server did not get ready:\n${complaints}`);
        }
        await pause(2);
    }
    const ready = performance.now() - started;
    const stop = () => (child.kill("SIGTERM"), ended);
    return { url, ready, pid: child.pid, stop };
}

async function measureThroughput(url, what) {
    const times = [];
    const end = performance.now() + 3000;
    const client = async () => {
        while (performance.now() < end) {
            const sent = performance.now();
            if ((await status(url)) !== 200) throw new Error(`${url} does not answer 200`);
            times.push(performance.now() - sent);
        }
    };
    await Promise.all(Array.from({ length: 32 }, client));
    times.sort((a, b) => a - b);
    report(`${what}, 32 clients`, times.length / 3, "requests/s");
    report(`${what}, 99th percentile`, times[Math.floor(times.length * 0.99)], "ms");
}

async function measureServer() {
    const folder = mkdtempSync(join(tmpdir(), "terapi-measure-"));
    try {
        // The first start makes the database and its key; the second is what a restart costs.
        const first = await start(folder);
        if (!gate) report("first start to ready", first.ready, "ms");
        await first.stop();
        const server = await start(folder);
        let stopping;
        try {
            report("start to ready", server.ready, "ms", 300);
            await pause(2000);
            const resident = readFileSync(`/proc/${server.pid}/status`, "utf8").match(/VmRSS:\s+(\d+) kB/)[1];
            report("memory when idle", Number(resident) * 1024, "B", 60 * MB);
            if (!gate) {
                await measureThroughput(`${server.url}/health`, "/health");
                await measureThroughput(`${server.url}/app/~/sign-in`, "sign-in page");
            }
        } finally {
            stopping = performance.now();
            await server.stop();
        }
        report("stop", performance.now() - stopping, "ms", 10_000);
    } finally {
        agent.destroy();
        rmSync(folder, { recursive: true, force: true });
    }
}

measureFiles();
await measureServer();
console.log(`measured: ${over} over budget`);
process.exitCode = over === 0 ? 0 : 1;
