import { readFileSync } from "node:fs";
import type { Locator, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { isOnline, isOnlineAfter } from "./support/console-page.ts";
import { openTab, openWindow } from "./support/open-page.ts";
import { takeScreenshot } from "./support/screenshot.ts";
import { startBrowser } from "./support/start-browser.ts";
import { startConsoleDaemon } from "./support/start-daemon.ts";

const browser = startBrowser();
/** More than there is to reach on any page. */
const MOST_TABS = 120;

/** Presses Tab until something has the focus, as somebody without a mouse does. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.first().waitFor();
  for (let presses = 0; presses < MOST_TABS; presses += 1) {
    if (await target.first().evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`the keyboard does not reach ${target.toString()}`);
}

/** Goes to something by Tab, and presses a key there. */
async function press(page: Page, target: Locator, key = "Enter"): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press(key);
}

/** Types into a field that it goes to by Tab. */
async function type(page: Page, label: string, text: string): Promise<void> {
  await tabTo(page, page.getByLabel(label, { exact: true }));
  await page.keyboard.type(text);
}

async function openNarrow() {
  const daemon = await startConsoleDaemon();
  const context = await openWindow(browser(), { viewport: { width: 375, height: 812 } });
  const opened = await openTab(context, daemon.url);
  const { page } = opened;
  await isOnline(page);
  const link = (name: string): Locator => page.getByRole("link", { name, exact: true });
  const button = (name: string): Locator => page.getByRole("button", { name, exact: true });
  await press(page, page.locator(".host-link"));
  const fits = async (): Promise<void> => {
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375);
    const ends = await page
      .locator(".crumbs li")
      .evaluateAll((crumbs) => crumbs.map((crumb) => crumb.getBoundingClientRect().right));
    const theme = await page.getByRole("button", { name: /^Theme/ }).boundingBox();
    expect(Math.max(...ends)).toBeLessThanOrEqual(theme?.x ?? 0);
  };
  return { ...opened, daemon, link, button, fits };
}

describe("the console: in a narrow window, by the keyboard alone", () => {
  it("shows the machines, and breaks and heals the connection [CONSOLE-11]", async () => {
    const { page, button, fits, complaints } = await openNarrow();
    const machine = page.getByRole("group", { name: /^The machine host/ });
    await machine.locator(".present", { hasText: /^online$/ }).waitFor();
    const booting = machine.locator(".state", { hasText: /^booting$/ });
    await press(page, booting);
    expect(await booting.getAttribute("aria-pressed")).toBe("true");
    await press(page, button("Cut connection"));
    await isOnlineAfter(page, 1);
    await press(page, button("Add 300 ms"), "Space");
    await page.getByText("Everything comes 300 ms later.").waitFor();
    await press(page, button("Go offline"), "Space");
    await page.locator(".page-head .chip", { hasText: "degraded" }).waitFor();
    await press(page, button("Go offline"), "Space");
    await isOnlineAfter(page, 2);
    await page.locator(".round-trips .value").waitFor();
    await fits();
    await takeScreenshot(page, "live-host-narrow");
    expect(complaints).toEqual([]);
  });

  it("runs a command, prompts it, ends it, and finds it again [CONSOLE-11]", async () => {
    const { page, link, button, fits, complaints } = await openNarrow();
    await press(page, link("Run"));
    await type(page, "Command", "cat -n");
    await press(page, page.getByLabel("it takes prompts as its input"), "Space");
    await press(page, button("Run"));
    await page.getByRole("progressbar", { name: "The agent is working" }).waitFor();
    await tabTo(page, page.getByLabel("Prompt"));
    await page.keyboard.type("ahoy");
    await page.keyboard.press("Enter");
    await page.locator(".output", { hasText: /1\s+ahoy/ }).waitFor();
    await fits();
    await takeScreenshot(page, "live-agent-narrow");
    await press(page, button("Cancel"));
    await page.locator(".page-head .chip", { hasText: "ended" }).waitFor();
    await press(page, button("Archive"));
    await press(page, link("Agents"));
    await page.getByText("There is no agent yet.").waitFor();
    await press(page, page.getByLabel("archived"), "Space");
    await page.locator(".agent-row", { hasText: "cat -n" }).waitFor();
    await type(page, "Text", "nothing like it");
    await page.getByText("0 of 1").waitFor();
    await fits();
    expect(complaints).toEqual([]);
  });

  it("says why a command cannot be run, filters the log, and saves it [CONSOLE-10, CONSOLE-11]", async () => {
    const { page, link, button, fits, complaints } = await openNarrow();
    await press(page, link("Run"));
    await type(page, "Command", "true");
    await type(page, "Working directory", "/nowhere/at/all");
    await press(page, button("Run"));
    await page.getByRole("alert").waitFor();
    await press(page, link("Agents"));
    await page.locator(".creation", { hasText: "not created" }).waitFor();
    await takeScreenshot(page, "live-creation-narrow");
    await press(page, button("Dismiss"));
    await page.locator(".creation").waitFor({ state: "detached" });
    await press(page, link("Log"));
    await tabTo(page, page.getByLabel("Machine"));
    await page.keyboard.type("host");
    await type(page, "Text", "online");
    await page.locator(".transitions li").first().waitFor();
    const machines = await page.locator(".transitions .machine").allTextContents();
    expect(new Set(machines)).toEqual(new Set(["host"]));
    const coming = page.waitForEvent("download");
    await press(page, button("Export transcript"));
    expect(readFileSync(await (await coming).path(), "utf8")).toContain('"type":"transcript"');
    await press(page, page.getByRole("button", { name: /^Theme/ }));
    await fits();
    expect(complaints).toEqual([]);
  });
});
