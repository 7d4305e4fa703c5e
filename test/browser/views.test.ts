import { describe, expect, it } from "vitest";
import { goTo, isOnline, runCommand } from "./support/console-page.ts";
import { areMirrorsKept } from "./support/kept-mirrors.ts";
import { gateNetwork } from "./support/network-gate.ts";
import { forgetNotices, noticesSeen, rememberNotices } from "./support/notices.ts";
import { openTab, openWindow } from "./support/open-page.ts";
import { takeScreenshot } from "./support/screenshot.ts";
import { startBrowser } from "./support/start-browser.ts";
import { startConsoleDaemon } from "./support/start-daemon.ts";

const browser = startBrowser();

/** Opens the console with a gate between it and its daemon, with one agent that is known. */
async function openGated() {
  const daemon = await startConsoleDaemon();
  const context = await openWindow(browser());
  const gate = await gateNetwork(context);
  await rememberNotices(context);
  const opened = await openTab(context, daemon.url);
  await isOnline(opened.page);
  const agentId = await runCommand(opened.page, daemon.serverId, "echo what is known");
  await opened.page.getByText("exit code 0").waitFor();
  const agents = `#/hosts/${daemon.serverId}/agents`;
  await goTo(opened.page, agents);
  const row = opened.page.locator(".agent-row", { hasText: "echo what is known" });
  await row.waitFor();
  return { ...opened, daemon, context, gate, agentId, agents, row };
}

describe("the console: what a view shows beside its data", () => {
  it("asks on the page of an agent as well for the token that it has not got [CONSOLE-13]", async () => {
    const { page: before, context, daemon, agentId } = await openGated();
    await areMirrorsKept(before, agentId);
    const { page } = await openTab(context, `${daemon.origin}/#/hosts/${daemon.serverId}/agents/${agentId}`);
    await page.getByLabel("Token of this host").fill(daemon.token);
    await page.getByRole("button", { name: "Use it" }).click();
    await page.getByLabel("Token of this host").waitFor({ state: "detached" });
    await page.locator(".badge").waitFor({ state: "detached" });
  });

  it("shows an overlay at the first opening, and no toast and no placeholder beside it [PRESENT-2]", async () => {
    const daemon = await startConsoleDaemon();
    const context = await openWindow(browser());
    const gate = await gateNetwork(context);
    await rememberNotices(context);
    gate.shut();
    const { page } = await openTab(context, daemon.url);
    await page.locator(".host-link").click();
    await page.getByRole("link", { name: "Agents" }).click();
    await page.locator(".overlay").waitFor();
    expect(await page.locator(".overlay").textContent()).toBe("");
    await takeScreenshot(page, "live-overlay-light");
    gate.open();
    await page.getByText("There is no agent yet.").waitFor();
    expect(await page.locator(".overlay").count()).toBe(0);
    const seen = await noticesSeen(page);
    expect(seen.slice(seen.indexOf("overlay"))).toEqual(["overlay", "empty"]);
  });

  it("shows the list before the first byte of network when it is reloaded [SYNC-3]", async () => {
    const { page, gate, agentId, agents, row } = await openGated();
    await areMirrorsKept(page, agentId);
    gate.shut();
    const before = gate.passed;
    await page.reload();
    await row.waitFor();
    await row.click();
    await page.locator(".output", { hasText: "what is known" }).waitFor();
    expect(gate.passed).toBe(before);
    expect(await noticesSeen(page)).not.toContain("error-screen");
    gate.open();
    await goTo(page, agents);
    await isOnline(page);
    await row.waitFor();
    expect(gate.passed).toBeGreaterThan(before);
  });

  it("shows a toast when a refresh takes long, and no overlay over what is known [PRESENT-1, PRESENT-3]", async () => {
    const { page, gate, row } = await openGated();
    await forgetNotices(page);
    gate.shut();
    await page.getByRole("button", { name: "Refresh" }).click();
    await page.locator(".toast").waitFor();
    await takeScreenshot(page, "live-toast-light");
    expect(await row.isVisible()).toBe(true);
    gate.open();
    await page.locator(".toast").waitFor({ state: "detached" });
    expect(await noticesSeen(page)).toEqual(["toast"]);
  });

  it("shows a badge when it cannot be brought up to date, and blocks nothing [PRESENT-1]", async () => {
    const { page: before, context, daemon, agentId, agents } = await openGated();
    await areMirrorsKept(before, agentId);
    // Another tab knows no token: the daemon refuses it, and what is known stays.
    const { page } = await openTab(context, `${daemon.origin}/${agents}`);
    await page.locator(".badge", { hasText: "Not up to date" }).waitFor();
    expect(await page.getByRole("alert").first().textContent()).toMatch(/^UNAUTHENTICATED/);
    await takeScreenshot(page, "live-badge-light");
    await page.getByLabel("Text").fill("known");
    await page.locator(".agent-row", { hasText: "echo what is known" }).click();
    await page.locator(".output", { hasText: "what is known" }).waitFor();
    const seen = await noticesSeen(page);
    expect(seen.at(-1)).toBe("badge");
    expect(seen).not.toContain("error-screen");
    expect(seen).not.toContain("empty");
  });
});
