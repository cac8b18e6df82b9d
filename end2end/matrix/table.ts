// Writes down how the generations of the published SDKs did: a reporter of Playwright for runs that try them all. A cell
// that was not tried fails the run.
import type { Reporter, TestCase, TestResult } from "@playwright/test/reporter";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

import { capabilitiesOf, CELL, cellOf, generations, type Sdk } from "./generations.ts";

/** Where the table is kept. */
const FILE = resolve(import.meta.dirname, "../../target/matrix.md");
const TITLES: Record<Sdk, string> = { node: "@nangohq/node", frontend: "@nangohq/frontend" };
const [PASSED, FAILED, ABSENT, UNTRIED] = ["✓", "✗", "–", "?"];

export default class Table implements Reporter {
    readonly #passed = new Map<string, boolean>();
    readonly #began = new Date();

    onTestEnd(test: TestCase, result: TestResult): void {
        const cell = test.annotations.find(({ type }) => type === CELL)?.description;
        if (cell !== undefined) this.#passed.set(cell, result.status === test.expectedStatus);
    }

    async onEnd(): Promise<void | { status: "failed" }> {
        const parts = (Object.keys(TITLES) as Sdk[]).map((sdk) => this.#part(sdk));
        const text = `${parts.map(({ text }) => text).join("\n")}\n${LEGEND}\n\nRun of ${this.#began.toISOString().slice(0, 16)} UTC.\n`;
        mkdirSync(dirname(FILE), { recursive: true });
        writeFileSync(FILE, text);
        console.log(`\n${text}`);
        if (parts.some(({ complete }) => !complete)) return { status: "failed" };
    }

    #part(sdk: Sdk): { text: string; complete: boolean } {
        const all = generations[sdk];
        let [passed, failed, untried] = [0, 0, 0];
        const rows = capabilitiesOf[sdk].map(({ name, absent }) => {
            const reasons = new Map<string, string[]>();
            const marks = all.map((generation) => {
                const reason = absent(generation.version);
                if (reason !== null) {
                    reasons.set(reason, [...(reasons.get(reason) ?? []), generation.name]);
                    return ABSENT;
                }
                const outcome = this.#passed.get(cellOf(sdk, generation, name));
                if (outcome === undefined) return untried++, UNTRIED;
                return outcome ? (passed++, PASSED) : (failed++, FAILED);
            });
            const notes = [...reasons].map(([reason, names]) => `${span(names)} ${reason}`);
            return [name, ...marks, notes.join("; ")];
        });
        const counts = `${passed} passed${failed > 0 ? `, ${failed} FAILED` : ""}${untried > 0 ? `, ${untried} not tried` : ""}`;
        const head = ["", ...all.map(({ name }) => name), "where –"];
        const versions = ["release", ...all.map(({ version }) => version.replace(/^0\./, ".")), ""];
        const text = `## ${TITLES[sdk]}: ${counts}\n\n${markdown([head, versions, ...rows])}`;
        return { text, complete: untried === 0 };
    }
}

const LEGEND = `${PASSED} passed, ${FAILED} failed, ${ABSENT} the release cannot do it, ${UNTRIED} not tried. Releases are written without their 0.`;

/** The first and the last of generations: a reason holds for neighbours. */
function span(names: string[]): string {
    return names.length === 1 ? names[0]! : `${names[0]}–${names.at(-1)}`;
}

function markdown([head, ...rows]: string[][]): string {
    const all = [head!, ...rows];
    const widths = head!.map((_, column) => Math.max(3, ...all.map((row) => row[column]!.length)));
    const line = (row: string[]) => `| ${row.map((text, column) => text.padEnd(widths[column]!)).join(" | ")} |`;
    return [line(head!), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n") + "\n";
}
