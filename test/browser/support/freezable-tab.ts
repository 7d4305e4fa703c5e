import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { chromium } from "playwright-core";
import { onTestFinished } from "vitest";
import { type OpenPage, openTab } from "./open-page.ts";
import { CHROMIUM_ARGS, findChromium } from "./start-browser.ts";

/** A tab that the browser can freeze. */
export interface FreezableTab extends OpenPage {
  /** Hides the tab and stops everything on it, as browsers do with tabs that nobody has looked at for long. */
  freeze(): Promise<void>;
  /** Lets it go on, and shows it. */
  wake(): Promise<void>;
}

/**
 * Opens a page in a browser of its own. Playwright tells each page of its other browsers that it has the focus, and such a
 * page is never hidden, and so never frozen.
 */
export async function openFreezableTab(url: string): Promise<FreezableTab> {
  const browser = await chromium.connectOverCDP(await startBareChromium(), { noDefaults: true });
  onTestFinished(() => browser.close());
  const [context] = browser.contexts();
  if (context === undefined) throw new Error("the browser has no window");
  const opened = await openTab(context, url);
  const session = await context.newCDPSession(opened.page);
  return Object.assign(opened, {
    async freeze() {
      await session.send("Emulation.setFocusEmulationEnabled", { enabled: false });
      await session.send("Page.setWebLifecycleState", { state: "frozen" });
    },
    async wake() {
      await session.send("Page.setWebLifecycleState", { state: "active" });
      await session.send("Emulation.setFocusEmulationEnabled", { enabled: true });
    },
  });
}

/** Starts Chromium for the length of a test. @returns Where it is spoken to. */
async function startBareChromium(): Promise<string> {
  const profile = mkdtempSync(join(tmpdir(), "moorline-chromium-"));
  const args = ["--headless", "--remote-debugging-port=0", "--no-first-run", `--user-data-dir=${profile}`];
  const chromiumProcess = execa(findChromium(), [...args, ...CHROMIUM_ARGS], { reject: false, buffer: false });
  onTestFinished(async () => {
    chromiumProcess.kill();
    await chromiumProcess;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  });
  for await (const line of createInterface(chromiumProcess.stderr)) {
    const [, endpoint] = /^DevTools listening on (ws:\S+)/.exec(line) ?? [];
    if (endpoint !== undefined) return endpoint;
  }
  throw new Error("Chromium has ended before it could be spoken to");
}
