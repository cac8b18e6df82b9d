import { defineConfig, devices } from "@playwright/test";
import { existsSync } from "node:fs";

// Found by ./dev; unset where only Playwright's own browser is there.
const executablePath =
    process.env.TERAPI_TEST_CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((path) => existsSync(path));

// Root, which CI often is, cannot use the sandbox.
const launchOptions = { executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] };

export default defineConfig({
    testDir: "./tests",
    outputDir: "./test-results",
    globalSetup: "./global-setup.ts",
    fullyParallel: true,
    forbidOnly: !!process.env.CI,
    // A test that passes at the second try is a broken test.
    retries: 0,
    workers: 2,
    timeout: 30_000,
    expect: { timeout: 5_000 },
    reporter: [["list"], ...(process.env.TERAPI_TEST_MATRIX === "all" ? [["./matrix/table.ts"] as const] : [])],
    use: {
        // Workers read this file again, after global-setup.ts has set it.
        baseURL: process.env.TERAPI_TEST_URL,
        locale: "en-US",
        ...devices["Desktop Chrome"],
        trace: "retain-on-failure",
        launchOptions,
    },
    projects: [
        { name: "browser", testMatch: "**/*.spec.ts", testIgnore: ["**/*.nojs.spec.ts", "**/*.screenshots.spec.ts"] },
        {
            name: "matrix",
            testDir: "./matrix",
            testMatch: "*.spec.ts",
            // Popups as people have them: only in answer to a click, and soon.
            use: { launchOptions: { ...launchOptions, ignoreDefaultArgs: ["--disable-popup-blocking"] } },
        },
        { name: "without JavaScript", testMatch: "**/*.nojs.spec.ts", use: { javaScriptEnabled: false } },
        // Only when asked for: ./dev screenshots.
        ...(process.env.TERAPI_TEST_SCREENSHOTS
            ? [{ name: "screenshots", testMatch: "**/*.screenshots.spec.ts" }]
            : []),
    ],
});
