// Measures target/release/terapi and the files it embeds: sizes, time to ready with 10,000 connections,
// memory, and how fast it answers beside nginx in the same run. With --gate, only what has a budget
// and needs no peer, and a number over its budget fails.
//
//   node .ci/measure.mjs [--gate]
import { execFile, execFileSync, spawn } from "node:child_process";
import { promisify } from "node:util";
import { mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { Agent, get, request as open } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const BINARY = resolve("target/release/terapi");
const SITE = resolve("target/embed");
const PACKAGE = join(SITE, "pkg");
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
    const one = (path) => statSync(join(SITE, path)).size;
    report("browser module, brotli", one("sdk/terapi.js.br"), "B", 4 * KB);
    report("Connect UI, brotli", one("connect.js.br") + total(".css.br"), "B", 25 * KB);
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
    const log = join(folder, "log");
    const started = performance.now();
    const child = spawn(BINARY, ["serve"], {
        cwd: folder,
        env: { TERAPI_LISTEN: `127.0.0.1:${port}`, TERAPI_DATA_DIR: join(folder, "data"), TERAPI_PUBLIC_URL: url },
        stdio: ["ignore", "ignore", openSync(log, "w")],
    });
    const ended = new Promise((done) => child.once("exit", done));
    while ((await status(`${url}/ready`)) !== 200) {
        if (child.exitCode !== null || performance.now() - started > 30_000) {
            child.kill();
            throw new Error(`the server did not get ready:\n${readFileSync(log, "utf8")}`);
        }
        await pause(2);
    }
    const ready = performance.now() - started;
    const stop = () => (child.kill("SIGTERM"), ended);
    return { url, ready, pid: child.pid, stop };
}

// One JSON request; the answer's body, which must come with a success.
function send(method, url, body, token) {
    const headers = { "content-type": "application/json" };
    if (token) headers.authorization = `Bearer ${token}`;
    return new Promise((done, fail) => {
        const request = open(url, { method, agent, headers }, (response) => {
            let text = "";
            response.setEncoding("utf8");
            response.on("data", (part) => (text += part));
            response.on("end", () => {
                if (response.statusCode >= 300) fail(new Error(`${method} ${url}: ${response.statusCode} ${text}`));
                else done(text ? JSON.parse(text) : undefined);
            });
        });
        request.on("error", fail);
        request.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

// An owner with an API key, made before the first start.
function bootstrap(folder) {
    const password = join(folder, "password");
    writeFileSync(password, "measure me, measure me");
    const arguments_ = ["admin", "bootstrap", "--email", "bench@example.com", "--password-file", password, "--json"];
    const env = { TERAPI_DATA_DIR: join(folder, "data") };
    const printed = execFileSync(BINARY, arguments_, { cwd: folder, env, stdio: ["ignore", "pipe", "ignore"] });
    return JSON.parse(printed).environments[0].secret_key;
}

// As many connections as end users would make them: through the route that takes a typed key.
async function seed(server, key, count) {
    const integration = { provider: "generic-api-key", unique_key: "bench", integration_config: { base_url: "https://api.example.com" } };
    await send("POST", `${server.url}/integrations`, integration, key);
    const session = await send("POST", `${server.url}/connect/sessions`, { end_user: { id: "bench" } }, key);
    const url = `${server.url}/api-auth/api-key/bench?connect_session_token=${session.data.token}`;
    const started = performance.now();
    let left = count;
    let last;
    const client = async () => {
        while (left-- > 0) last = await send("POST", url, { apiKey: "a-key-of-quite-usual-length-0123456789" });
    };
    await Promise.all(Array.from({ length: 64 }, client));
    report(`${count} connections made`, count / ((performance.now() - started) / 1000), "a second");
    return last.connectionId;
}

function has(command) {
    try {
        execFileSync("sh", ["-c", `command -v ${command}`], { stdio: "ignore" });
        return true;
    } catch {
        return false;
    }
}

// Requests a second of one wrk run, and its median latency.
async function load(url, headers = []) {
    const options = ["-t1", "-c16", "-d4s", "--latency", ...headers.flatMap((header) => ["-H", header]), url];
    const { stdout: text } = await promisify(execFile)("wrk", options);
    if (/Non-2xx/.test(text)) throw new Error(`${url}: ${text}`);
    return { rate: Number(text.match(/Requests\/sec:\s+([\d.]+)/)[1]), median: text.match(/50%\s+(\S+)/)[1] };
}

// nginx with one worker, serving a file of the size of the answer it stands beside.
async function startNginx(folder, body) {
    const port = await freePort();
    mkdirSync(join(folder, "www"), { recursive: true });
    writeFileSync(join(folder, "www/answer.json"), body);
    const config = join(folder, "nginx.conf");
    writeFileSync(
        config,
        `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr crit; events {}
        http { access_log off; default_type application/json; keepalive_requests 1000000;
        client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
        uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
        server { listen 127.0.0.1:${port}; root ${folder}/www; } }`,
    );
    execFileSync("chmod", ["-R", "a+rX", folder]);
    const child = spawn("nginx", ["-c", config, "-p", folder], { stdio: "ignore" });
    const url = `http://127.0.0.1:${port}/answer.json`;
    for (let tries = 0; (await status(url)) !== 200; tries += 1) {
        if (tries > 500) throw new Error("nginx does not answer");
        await pause(10);
    }
    return { url, stop: () => child.kill("SIGTERM") };
}

// Both sides in turn, five times; the median of the ratios.
async function compare(server, key, connection) {
    if (!has("wrk") || !has("nginx")) {
        console.log("     no wrk or nginx here: nothing to compare with");
        return;
    }
    const url = `${server.url}/connections/${connection}?provider_config_key=bench`;
    const answer = JSON.stringify(await send("GET", url, undefined, key));
    const folder = mkdtempSync(join(tmpdir(), "terapi-nginx-"));
    const nginx = await startNginx(folder, answer);
    try {
        for (const [what, target, headers] of [
            ["GET /health", `${server.url}/health`, []],
            ["GET /connections/{id}", url, [`Authorization: Bearer ${key}`]],
        ]) {
            const rounds = [];
            while (rounds.length < 5) rounds.push({ peer: await load(nginx.url), ours: await load(target, headers) });
            rounds.sort((a, b) => a.ours.rate / a.peer.rate - b.ours.rate / b.peer.rate);
            const ratios = rounds.map(({ ours, peer }) => (ours.rate / peer.rate).toFixed(2));
            const { ours, peer } = rounds[2];
            console.log(
                `     ${what}: ${ratios[2]} of nginx (${ratios[0]} to ${ratios[4]}); ` +
                    `${Math.round(ours.rate)}/s, median ${ours.median}, beside ${Math.round(peer.rate)}/s`,
            );
        }
    } finally {
        nginx.stop();
        rmSync(folder, { recursive: true, force: true });
    }
}

const residentOf = (pid) => Number(readFileSync(`/proc/${pid}/status`, "utf8").match(/VmRSS:\s+(\d+) kB/)[1]) * 1024;

async function measureServer() {
    const folder = mkdtempSync(join(tmpdir(), "terapi-measure-"));
    try {
        const key = bootstrap(folder);
        const first = await start(folder);
        let connection;
        try {
            connection = await seed(first, key, gate ? 1000 : 10_000);
        } finally {
            await first.stop();
        }
        const server = await start(folder);
        let stopping;
        try {
            report("start to ready", server.ready, "ms", 300);
            await pause(2000);
            report("memory when idle", residentOf(server.pid), "B", 60 * MB);
            if (!gate) {
                await compare(server, key, connection);
                report("memory after load", residentOf(server.pid), "B", 150 * MB);
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
