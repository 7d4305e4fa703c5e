import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, defaultClientConditions } from "vite";
import { describe, expect, it, onTestFinished } from "vitest";
import { openPageServer } from "../../src/server/pages/page-server.ts";
import { Pages } from "../../src/server/pages/pages.ts";
import { isDirectoryKept } from "./support/kept-mirrors.ts";
import { openPage } from "./support/open-page.ts";
import { startBrowser } from "./support/start-browser.ts";
import { startConsoleDaemon } from "./support/start-daemon.ts";

const browser = startBrowser();

/** Serves the example as an app is served, under the policy of the console. @returns Its address. */
async function serveExample(): Promise<string> {
  const outDir = mkdtempSync(join(tmpdir(), "moorline-example-"));
  onTestFinished(() => rmSync(outDir, { recursive: true, force: true }));
  await build({
    root: fileURLToPath(new URL("../../examples/web", import.meta.url)),
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["moorline-source", ...defaultClientConditions] },
    build: { outDir, emptyOutDir: true, modulePreload: { polyfill: false } },
  });
  const { url } = await openPageServer(await Pages.load(outDir));
  return url;
}

describe("the example web app, in a browser", () => {
  it("adds a daemon, runs a command, and has its list without the daemon when it is loaded again", async () => {
    const url = await serveExample();
    const daemon = await startConsoleDaemon("--allow-origin", new URL(url).origin);
    const { page, complaints } = await openPage(browser(), url);
    await page.getByLabel("Endpoint").fill(daemon.endpoint);
    await page.getByLabel("Token").fill(daemon.token);
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByLabel("Command").fill("echo hello");
    await page.getByLabel("Command").press("Enter");
    await page.locator("button:enabled", { hasText: "echo hello" }).click();
    await page.locator("pre", { hasText: "hello" }).waitFor();
    expect(complaints).toEqual([]);
    await isDirectoryKept(page);
    await daemon.stop();
    await page.reload();
    await page.getByRole("button", { name: "echo hello" }).waitFor();
  });
});
