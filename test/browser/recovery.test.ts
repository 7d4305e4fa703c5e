import { describe, expect, it } from "vitest";
import {
  generationOn,
  goTo,
  isOnline,
  isOnlineAfter,
  openConsole,
  outputOf,
  pressFault,
  readLog,
  runCommand,
  seesMoreLines,
} from "./support/console-page.ts";
import { openFreezableTab } from "./support/freezable-tab.ts";
import { createLineWriter, wrongLinesOf } from "./support/line-writer.ts";
import { startBrowser } from "./support/start-browser.ts";
import { startConsoleDaemon } from "./support/start-daemon.ts";

const browser = startBrowser();

describe("the console: a connection that breaks", () => {
  it("loses no line and shows none twice when it is cut five times while a command writes [CONSOLE-8, HOST-12]", async () => {
    const daemon = await startConsoleDaemon();
    const { page, complaints } = await openConsole(browser(), daemon);
    const writer = createLineWriter();
    const agentId = await runCommand(page, daemon.serverId, writer.command);
    let lines = 0;
    for (let cut = 0; cut < 5; cut += 1) {
      lines = await seesMoreLines(page, daemon.serverId, agentId, lines);
      await goTo(page, `#/hosts/${daemon.serverId}`);
      const generation = await generationOn(page);
      await pressFault(page, daemon.serverId, "Cut connection");
      await isOnlineAfter(page, generation);
    }
    await seesMoreLines(page, daemon.serverId, agentId, lines);
    await writer.stop();
    const output = await outputOf(page, daemon.serverId, agentId);
    expect(wrongLinesOf(output)).toEqual([]);
    const log = await readLog(page, daemon.serverId);
    const losses = log.filter(({ machine, event }) => machine === "host" && event === "client_lost");
    expect(losses).toHaveLength(5);
    expect(complaints).toEqual([]);
  });

  it("notices a half-open connection by its silence, and goes on with the next one [CONSOLE-8, LIVE-3]", async () => {
    const daemon = await startConsoleDaemon();
    const { page } = await openConsole(browser(), daemon, { clock: true });
    const writer = createLineWriter();
    const agentId = await runCommand(page, daemon.serverId, writer.command);
    const lines = await seesMoreLines(page, daemon.serverId, agentId, 0);
    await goTo(page, `#/hosts/${daemon.serverId}`);
    const generation = await generationOn(page);
    await pressFault(page, daemon.serverId, "Half-open");
    await page.getByText("1 half-open").waitFor();
    await page.clock.runFor(25_000);
    await isOnlineAfter(page, generation);
    await seesMoreLines(page, daemon.serverId, agentId, lines);
    await writer.stop();
    expect(wrongLinesOf(await outputOf(page, daemon.serverId, agentId))).toEqual([]);
    expect((await readLog(page, daemon.serverId)).map(({ event }) => event)).toContain("liveness_lost");
  });

  it("holds everything while it sleeps, and shows all of it when it wakes [CONSOLE-8]", async () => {
    const daemon = await startConsoleDaemon();
    const { page } = await openConsole(browser(), daemon, { clock: true });
    const writer = createLineWriter();
    const agentId = await runCommand(page, daemon.serverId, writer.command);
    const lines = await seesMoreLines(page, daemon.serverId, agentId, 0);
    await pressFault(page, daemon.serverId, "Sleep 8 s");
    await page.getByRole("button", { name: "Sleep 8 s", pressed: true }).waitFor();
    await writer.stop();
    await page.clock.runFor(8_000);
    await page.getByRole("button", { name: "Sleep 8 s", pressed: false }).waitFor();
    await seesMoreLines(page, daemon.serverId, agentId, lines);
    expect(wrongLinesOf(await outputOf(page, daemon.serverId, agentId))).toEqual([]);
  });

  it("is up to date when a frozen tab wakes, with all that was written meanwhile [LIVE-5]", async () => {
    const daemon = await startConsoleDaemon();
    const { page, complaints, freeze, wake } = await openFreezableTab(daemon.url);
    await isOnline(page);
    const writer = createLineWriter();
    const agentId = await runCommand(page, daemon.serverId, writer.command);
    await seesMoreLines(page, daemon.serverId, agentId, 0);
    await freeze();
    await writer.stop();
    await wake();
    expect(wrongLinesOf(await outputOf(page, daemon.serverId, agentId))).toEqual([]);
    const events = (await readLog(page, daemon.serverId)).map(({ event }) => event);
    expect(events).toEqual(expect.arrayContaining(["hidden", "foregrounded"]));
    expect(complaints).toEqual([]);
  });

  it("connects at once when the browser is online again [HOST-10]", async () => {
    const daemon = await startConsoleDaemon();
    const { page, context, expectComplaint } = await openConsole(browser(), daemon);
    expectComplaint(/ERR_INTERNET_DISCONNECTED/);
    await goTo(page, `#/hosts/${daemon.serverId}`);
    const generation = await generationOn(page);
    await context.setOffline(true);
    await pressFault(page, daemon.serverId, "Cut connection");
    await page.locator(".page-head .chip", { hasText: "degraded" }).waitFor();
    await context.setOffline(false);
    await isOnlineAfter(page, generation);
    expect((await readLog(page, daemon.serverId)).map(({ event }) => event)).toContain("went_online");
  });
});
