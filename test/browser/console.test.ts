import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { goTo, isOnline, openConsole, pressFault, runCommand } from "./support/console-page.ts";
import { openPage, openTab } from "./support/open-page.ts";
import { startBrowser } from "./support/start-browser.ts";
import { startConsoleDaemon } from "./support/start-daemon.ts";

const browser = startBrowser();

describe("the console of a daemon", () => {
  it("connects, without a complaint, a violation of its policy, or a request to anybody else [CONSOLE-2, CONSOLE-11]", async () => {
    const daemon = await startConsoleDaemon();
    const { page, complaints, requests } = await openConsole(browser(), daemon);
    expect(complaints).toEqual([]);
    const hosts = new Set(requests.map((url) => new URL(url).host));
    expect([...hosts]).toEqual([new URL(daemon.origin).host]);
    expect(await page.title()).toBe("Hosts · Moorline console");
  });

  it("has no token in its address, its requests, or the daemon's log [CONSOLE-5, CONSOLE-7]", async () => {
    const daemon = await startConsoleDaemon();
    const { page, context } = await openConsole(browser(), daemon);
    const asked: string[] = [];
    context.on("request", (request) => asked.push(request.url()));
    expect(page.url()).toBe(`${daemon.origin}/#/`);
    await page.reload();
    await isOnline(page);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((url) => url.includes(daemon.token))).toEqual([]);
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage }))).not.toContain(daemon.token);
    await page.close();
    expect(await daemon.stop()).not.toContain(daemon.token);
  });

  it("exports a transcript that has no secret and no payload [CONSOLE-10]", async () => {
    const daemon = await startConsoleDaemon();
    const { page } = await openConsole(browser(), daemon);
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

  it("opens a timeline at its end [CONSOLE-12]", async () => {
    const daemon = await startConsoleDaemon();
    const { page } = await openConsole(browser(), daemon);
    const agentId = await runCommand(page, daemon.serverId, "seq 1 400");
    await page.getByText("exit code 0").waitFor();
    const another = await openConsole(browser(), daemon);
    await goTo(another.page, `#/hosts/${daemon.serverId}/agents/${agentId}`);
    const end = another.page.getByText("exit code 0");
    await end.waitFor();
    expect(await end.evaluate((element) => element.getBoundingClientRect().bottom <= innerHeight)).toBe(true);
  });

  it("shows the end of 300,000 lines, in parts of which those out of view are not laid out [CONSOLE-12, CONSOLE-15]", async () => {
    const daemon = await startConsoleDaemon();
    const { page } = await openConsole(browser(), daemon);
    await runCommand(page, daemon.serverId, "seq 1 300000");
    const end = page.getByText("exit code 0");
    await end.waitFor();
    expect(await end.evaluate((element) => element.getBoundingClientRect().bottom <= innerHeight)).toBe(true);
    const parts = page.locator(".output");
    expect(await parts.count()).toBeGreaterThan(20);
    expect(await parts.last().textContent()).toMatch(/300000\n$/);
    const layouts = await parts.evaluateAll((all) => all.map((part) => getComputedStyle(part).contentVisibility));
    expect(new Set(layouts)).toEqual(new Set(["auto"]));
  });

  it("stays where somebody has gone while a command was being started [CONSOLE-12]", async () => {
    const daemon = await startConsoleDaemon();
    const { page } = await openConsole(browser(), daemon);
    await pressFault(page, daemon.serverId, "Go offline");
    await goTo(page, `#/hosts/${daemon.serverId}/run`);
    await page.getByLabel("Command", { exact: true }).fill("true");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByRole("progressbar", { name: "Starting the command" }).waitFor();
    await pressFault(page, daemon.serverId, "Go offline");
    await goTo(page, `#/hosts/${daemon.serverId}/agents`);
    await page.locator(".agent-row .chip", { hasText: "ended" }).waitFor();
    expect(new URL(page.url()).hash).toBe(`#/hosts/${daemon.serverId}/agents`);
  });

  it("goes on listing archived agents where that was asked for, and says so [CONSOLE-12]", async () => {
    const daemon = await startConsoleDaemon();
    const { page } = await openConsole(browser(), daemon);
    await goTo(page, `#/hosts/${daemon.serverId}/agents`);
    await page.getByLabel("archived").check();
    await goTo(page, `#/hosts/${daemon.serverId}/log`);
    await goTo(page, `#/hosts/${daemon.serverId}/agents`);
    expect(await page.getByLabel("archived").isChecked()).toBe(true);
  });

  it("asks for the token where it has none, as in another tab, and goes on with it [CONSOLE-7, CONSOLE-13]", async () => {
    const daemon = await startConsoleDaemon();
    const { context } = await openConsole(browser(), daemon);
    const { page } = await openTab(context, daemon.origin);
    await page.getByText("UNAUTHENTICATED").waitFor();
    await page.getByLabel("Token of this host").fill("another");
    await page.getByRole("button", { name: "Use it" }).click();
    await page.getByText("this is not the token of the daemon").waitFor();
    await page.getByLabel("Token of this host").fill(daemon.token);
    await page.getByRole("button", { name: "Use it" }).click();
    await isOnline(page);
  });

  it("says what is wrong with a malformed address, and takes it out of the address bar [CONSOLE-7]", async () => {
    const daemon = await startConsoleDaemon();
    const { page } = await openPage(browser(), `${daemon.origin}/#token=%zz`);
    expect(await page.getByRole("alert").first().textContent()).toMatch(/^FRAGMENT_MALFORMED/);
    expect(page.url()).toBe(`${daemon.origin}/#/`);
  });

  it.each(["foo bar", "foo*bar"])("refuses %s, which is no address, and says what to do [AUTH-2]", async (address) => {
    const daemon = await startConsoleDaemon();
    const { page } = await openConsole(browser(), daemon);
    await page.getByLabel("Address").fill(address);
    await page.getByRole("button", { name: "Add", exact: true }).click();
    expect(await page.getByRole("alert").textContent()).toMatch(/^ENDPOINT_MALFORMED .*Give an address such as/);
  });

  it("can be used by the keyboard alone [CONSOLE-11]", async () => {
    const daemon = await startConsoleDaemon();
    const { page } = await openConsole(browser(), daemon);
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
