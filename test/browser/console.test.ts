import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { openPage } from "./support/open-page.ts";
import { startBrowser } from "./support/start-browser.ts";
import { type ConsoleDaemon, startConsoleDaemon } from "./support/start-daemon.ts";

const browser = startBrowser();

/** Opens the console of a daemon, and waits until it is online. */
async function openConsole(daemon: ConsoleDaemon) {
  const opened = await openPage(browser(), daemon.url);
  await opened.page.locator(".chip[data-tone=online]").first().waitFor();
  return opened;
}

/** Runs a command by the form, and waits until its page is shown. */
async function runCommand(page: Page, serverId: string, command: string): Promise<void> {
  await goTo(page, `#/hosts/${serverId}/run`);
  await page.getByLabel("Command", { exact: true }).fill(command);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.locator(".timeline").waitFor();
}

/** Goes to a page of the console. */
async function goTo(page: Page, fragment: string): Promise<void> {
  await page.evaluate((next) => {
    location.hash = next;
  }, fragment);
}

describe("the console of a daemon", () => {
  it("connects, without a complaint, a violation of its policy, or a request to anybody else [CONSOLE-2, CONSOLE-11]", async () => {
    const daemon = await startConsoleDaemon();
    const { page, complaints, requests } = await openConsole(daemon);
    expect(complaints).toEqual([]);
    const hosts = new Set(requests.map((url) => new URL(url).host));
    expect([...hosts]).toEqual([new URL(daemon.origin).host]);
    expect(await page.title()).toBe("Hosts · Moorline console");
  });

  it("has no token in its address, its requests, or the daemon's log [CONSOLE-5, CONSOLE-7]", async () => {
    const daemon = await startConsoleDaemon();
    const { page, context } = await openConsole(daemon);
    const asked: string[] = [];
    context.on("request", (request) => asked.push(request.url()));
    expect(page.url()).toBe(`${daemon.origin}/#/`);
    await page.reload();
    await page.locator(".chip[data-tone=online]").first().waitFor();
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((url) => url.includes(daemon.token))).toEqual([]);
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage }))).not.toContain(daemon.token);
    await page.close();
    expect(await daemon.stop()).not.toContain(daemon.token);
  });

  it("runs a command, shows its output, and goes on where its connection is cut [CONSOLE-8]", async () => {
    const daemon = await startConsoleDaemon();
    const { page } = await openConsole(daemon);
    await runCommand(page, daemon.serverId, "sh -c 'for i in $(seq 1 40); do echo line $i; sleep 0.05; done'");
    for (let cut = 0; cut < 3; cut += 1) {
      await goTo(page, `#/hosts/${daemon.serverId}`);
      await page.getByRole("button", { name: "Cut connection" }).click();
      await page.locator(".page-head .chip[data-tone=online]").waitFor();
    }
    await goTo(page, `#/hosts/${daemon.serverId}/agents`);
    await page.locator(".agent-row").first().click();
    await page.getByText("exit code 0").waitFor();
    const output = await page.locator(".output").allTextContents();
    expect(output.join("")).toBe(Array.from({ length: 40 }, (_, index) => `line ${index + 1}\n`).join(""));
  });

  it("exports a transcript that has no secret and no payload [CONSOLE-10]", async () => {
    const daemon = await startConsoleDaemon();
    const { page } = await openConsole(daemon);
    await runCommand(page, daemon.serverId, "echo payload-of-a-command");
    await page.getByText("payload-of-a-command").last().waitFor();
    await goTo(page, `#/hosts/${daemon.serverId}/log`);
    const coming = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export transcript" }).click();
    const text = readFileSync(await (await coming).path(), "utf8");
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; kind?: string });
    expect(lines[0]).toMatchObject({ type: "transcript", serverId: daemon.serverId });
    expect(new Set(lines.map(({ type }) => type))).toEqual(new Set(["transcript", "transition", "packet"]));
    expect(lines.some(({ kind }) => kind === "hello")).toBe(true);
    for (const secret of [daemon.token, "payload-of-a-command", "sessionKey"]) expect(text).not.toContain(secret);
  });

  it("says what is wrong with a malformed address, and takes it out of the address bar [CONSOLE-7]", async () => {
    const daemon = await startConsoleDaemon();
    const { page } = await openPage(browser(), `${daemon.origin}/#token=%zz`);
    expect(await page.getByRole("alert").first().textContent()).toMatch(/^FRAGMENT_MALFORMED/);
    expect(page.url()).toBe(`${daemon.origin}/#/`);
  });

  it("can be used by the keyboard alone [CONSOLE-11]", async () => {
    const daemon = await startConsoleDaemon();
    const { page } = await openConsole(daemon);
    await goTo(page, `#/hosts/${daemon.serverId}`);
    const machine = page.getByRole("group", { name: /^The machine connection/ });
    await machine.locator(".present", { hasText: /^connected$/ }).waitFor();
    const press = async (until: () => Promise<boolean>): Promise<void> => {
      for (let presses = 0; presses < 60 && !(await until()); presses += 1) await page.keyboard.press("Tab");
    };
    const idle = machine.locator(".state", { hasText: /^idle$/ });
    await press(() => idle.evaluate((element) => element === document.activeElement));
    await page.keyboard.press("Enter");
    expect(await idle.getAttribute("aria-pressed")).toBe("true");
  });
});
