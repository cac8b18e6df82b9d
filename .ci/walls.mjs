// Checks what may depend on what, from deny.toml: walls between our crates, licences, sources;
// and that the crates everybody shares are there in one version only. Needs no network.
//
//   cargo metadata --format-version 1 --locked | node .ci/walls.mjs
import { readFileSync } from "node:fs";

const ONE_VERSION = ["leptos", "axum", "hyper", "tower-http", "tokio", "sqlx", "reqwest", "rustls", "serde"];
const CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index";

const metadata = JSON.parse(readFileSync(0, "utf8"));
const deny = readFileSync(new URL("../deny.toml", import.meta.url), "utf8");
const complaints = [];

// The two lists of deny.toml that matter here are regular enough to be read by line.
const strings = (text) => [...text.matchAll(/"([^"]+)"/g)].map((match) => match[1]);
const allowed = new Set(strings(deny.match(/^allow = \[([^\]]*)\]/m)[1]));
const bans = [...deny.matchAll(/^\s*\{ crate = "([^"]+)"(?:, wrappers = \[([^\]]*)\])? \},$/gm)].map(
    ([, crate, wrappers]) => ({ crate, wrappers: wrappers === undefined ? [] : strings(wrappers) }),
);
if (allowed.size === 0 || bans.length === 0) throw new Error("deny.toml no longer reads as .ci/walls.mjs expects");

const byId = new Map(metadata.packages.map((pkg) => [pkg.id, pkg]));

for (const { crate, wrappers } of bans) {
    for (const node of metadata.resolve.nodes) {
        const user = byId.get(node.id).name;
        const uses = node.deps.some((dep) => byId.get(dep.pkg).name === crate);
        if (uses && !wrappers.includes(user)) {
            complaints.push(`${user} depends on ${crate}; only ${wrappers.join(", ") || "nobody"} may`);
        }
    }
}

// SPDX: every side of an AND, any side of an OR. `/` is how older crates write OR.
function permitted(licence) {
    const tokens = licence.replaceAll("/", " OR ").match(/\(|\)|[^\s()]+/g);
    let at = 0;
    const term = () => {
        if (tokens[at] === "(") {
            at += 1;
            const inner = either();
            at += 1;
            return inner;
        }
        let name = tokens[at++];
        if (tokens[at] === "WITH") name += ` WITH ${tokens[at + 1]}`, (at += 2);
        return allowed.has(name);
    };
    const both = () => {
        let result = term();
        while (tokens[at] === "AND") at += 1, (result = term() && result);
        return result;
    };
    const either = () => {
        let result = both();
        while (tokens[at] === "OR") at += 1, (result = both() || result);
        return result;
    };
    return either();
}

for (const pkg of metadata.packages.filter((pkg) => pkg.source !== null)) {
    if (pkg.source !== CRATES_IO) complaints.push(`${pkg.name} ${pkg.version} comes from ${pkg.source}`);
    if (!pkg.license || !permitted(pkg.license)) {
        complaints.push(`${pkg.name} ${pkg.version} has the licence ${pkg.license ?? "(none named)"}`);
    }
}

for (const name of ONE_VERSION) {
    const versions = metadata.packages.filter((pkg) => pkg.name === name).map((pkg) => pkg.version);
    if (versions.length > 1) complaints.push(`${name} is there ${versions.length} times: ${versions.join(", ")}`);
}

for (const complaint of complaints) console.error(`walls: ${complaint}`);
console.log(
    `walls: ${metadata.packages.length} packages, ${bans.length} bans, ${allowed.size} licences, ` +
        `${complaints.length} complaint${complaints.length === 1 ? "" : "s"}`,
);
process.exitCode = complaints.length === 0 ? 0 : 1;
