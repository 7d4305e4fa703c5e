import type { BrowserContext, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { consoleOutput } from "../../scripts/build-console.ts";
import { openPageServer } from "../../src/server/pages/page-server.ts";
import { Pages } from "../../src/server/pages/pages.ts";
import {
  generationOn,
  goTo,
  isOnline,
  isOnlineAfter,
  openConsole,
  outputOf,
  readLog,
  runCommand,
  seesMoreLines,
} from "./support/console-page.ts";
import { createLineWriter, wrongLinesOf } from "./support/line-writer.ts";
import { openTab, openWindow } from "./support/open-page.ts";
import { startBrowser } from "./support/start-browser.ts";
import { type ConsoleDaemon, startConsoleDaemon } from "./support/start-daemon.ts";

const browser = startBrowser();

/** The session that a page about a host shows. */
async function sessionOn(page: Page, serverId: string): Promise<string | null> {
  await goTo(page, `#/hosts/${serverId}`);
  await page.locator(".page-head .chip[data-tone=online]").waitFor();
  return await page
    .locator(".facts div", { hasText: /^session/ })
    .locator("dd")
    .textContent();
}

describe("the console: more than one tab", () => {
  it("shows the same in two tabs of one session, each on a channel of its own [INV-4]", async () => {
    const daemon = await startConsoleDaemon();
    const first = await openConsole(browser(), daemon);
    const second = await openTab(first.context, daemon.url);
    await isOnline(second.page);
    const tabs = [first.page, second.page];
    const [session, other] = await Promise.all(tabs.map((page) => sessionOn(page, daemon.serverId)));
    expect(session).toMatch(/^[0-9a-f]{16}$/);
    expect(other).toBe(session);

    const writer = createLineWriter();
    const agentId = await runCommand(first.page, daemon.serverId, writer.command);
    await goTo(second.page, `#/hosts/${daemon.serverId}/agents`);
    await second.page.locator(`.agent-row[href$="${agentId}"]`).click();
    await Promise.all(tabs.map((page) => seesMoreLines(page, daemon.serverId, agentId, 0)));
    await writer.stop();
    const [output = "", same] = await Promise.all(tabs.map((page) => outputOf(page, daemon.serverId, agentId)));
    expect(wrongLinesOf(output)).toEqual([]);
    expect(same).toBe(output);

    for (const page of tabs) {
      const log = await readLog(page, daemon.serverId);
      expect(log.filter(({ machine, event }) => machine === "connection" && event === "welcomed")).toHaveLength(1);
      // The token was there before anything was dialled, which nothing is while a host boots.
      const changes = log.filter(({ event, step }) => event === "credential_changed" && step !== "booting");
      expect(changes).toEqual([]);
      expect(await page.locator(".transitions").textContent()).not.toMatch(/superseded/i);
    }
    expect([...first.complaints, ...second.complaints]).toEqual([]);
    await first.context.close();
    expect(await daemon.stop()).not.toMatch(/superseded/i);
  });
});

/** Serves a page of its own, as `moorline console` does. @returns Its address. */
async function servePage(mode: "production" | "strict"): Promise<string> {
  const server = await openPageServer(await Pages.load(consoleOutput(mode)));
  return server.url.replace(/\/$/, "");
}

/** The address of a page for a daemon that is elsewhere. */
function addressOf(origin: string, { token, endpoint }: ConsoleDaemon): string {
  return `${origin}/#token=${token}&server=${encodeURIComponent(endpoint)}`;
}

declare global {
  /** How often a page has begun to listen to its address. */
  var hashListeners: number | undefined;
}

/** Counts how often pages begin to listen to their address, which an effect of the console does. */
async function countListeners(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const listen = globalThis.addEventListener;
    globalThis.hashListeners = 0;
    globalThis.addEventListener = (type: string, listener: EventListenerOrEventListenerObject) => {
      if (type === "hashchange") globalThis.hashListeners = (globalThis.hashListeners ?? 0) + 1;
      listen(type, listener);
    };
  });
}

describe("the console: a page apart from its daemons", () => {
  it("takes another path by its button while a command writes, and nothing is lost [HOST-4, FLEET-2]", async () => {
    const origin = await servePage("production");
    const daemon = await startConsoleDaemon("--allow-origin", origin);
    const { page, complaints } = await openConsole(browser(), daemon, { url: addressOf(origin, daemon) });
    const { port } = new URL(daemon.endpoint);
    await page.getByLabel("Address").fill(`localhost:${port}`);
    await page.getByRole("button", { name: "Add", exact: true }).click();
    const use = page.getByRole("button", { name: `Use ws://localhost:${port}/` });
    await use.waitFor();
    await page.locator(".page-head .chip[data-tone=online]").waitFor();

    const writer = createLineWriter();
    const agentId = await runCommand(page, daemon.serverId, writer.command);
    const lines = await seesMoreLines(page, daemon.serverId, agentId, 0);
    await goTo(page, `#/hosts/${daemon.serverId}`);
    const generation = await generationOn(page);
    await use.click();
    await isOnlineAfter(page, generation);
    await page.locator(".paths li", { hasText: "localhost" }).locator(".chip", { hasText: "active" }).waitFor();
    await seesMoreLines(page, daemon.serverId, agentId, lines);
    await writer.stop();
    expect(wrongLinesOf(await outputOf(page, daemon.serverId, agentId))).toEqual([]);
    const log = await readLog(page, daemon.serverId);
    expect(log.filter(({ machine, step }) => machine === "host" && step.includes("interrupted"))).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it("starts once and connects once in StrictMode, which runs every effect twice [REACT-12, HOST-8]", async () => {
    const origin = await servePage("strict");
    const daemon = await startConsoleDaemon("--allow-origin", origin);
    const context = await openWindow(browser());
    await countListeners(context);
    const { page, complaints, requests } = await openTab(context, addressOf(origin, daemon));
    await isOnline(page);
    // That of the pages, twice, and the one that keeps where they were left, which is no effect.
    expect(await page.evaluate(() => globalThis.hashListeners)).toBe(3);
    const agentId = await runCommand(page, daemon.serverId, "echo once");
    await outputOf(page, daemon.serverId, agentId);
    const events = (await readLog(page, daemon.serverId)).map(({ machine, event }) => `${machine} ${event}`);
    const times = (step: string): number => events.filter((event) => event === step).length;
    expect(["host start_requested", "connection welcomed", "creation appeared"].map(times)).toEqual([1, 1, 1]);
    expect(requests.filter((url) => url.startsWith("ws:"))).toHaveLength(1);
    expect(complaints).toEqual([]);
  });
});
