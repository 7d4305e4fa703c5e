import type { Browser, Page } from "playwright-core";
import { type OpenPage, openTab, openWindow } from "./open-page.ts";
import type { ConsoleDaemon } from "./start-daemon.ts";

/** How a console is opened. */
export interface ConsoleOpening {
  /** Whether the test says how much time goes by on the page, beside what does by itself. Default: it does not. */
  readonly clock?: boolean;
  /** Its address. Default: at the daemon, with its token. */
  readonly url?: string;
}

/** Opens the console of a daemon in a window of its own, and waits until it is online. */
export async function openConsole(
  browser: Browser,
  daemon: ConsoleDaemon,
  { clock = false, url = daemon.url }: ConsoleOpening = {},
): Promise<OpenPage> {
  const context = await openWindow(browser);
  if (clock) await context.clock.install();
  const opened = await openTab(context, url);
  await isOnline(opened.page);
  return opened;
}

/** Waits until the page shows that its host is online. */
export async function isOnline(page: Page): Promise<void> {
  await page.locator(".chip[data-tone=online]").first().waitFor();
}

/** Goes to a page of the console, as a link would. */
export async function goTo(page: Page, fragment: string): Promise<void> {
  await page.evaluate((next) => {
    location.hash = next;
  }, fragment);
}

/** Runs a command by the form, and waits until its page is shown. @returns The id of its agent. */
export async function runCommand(page: Page, serverId: string, command: string): Promise<string> {
  await goTo(page, `#/hosts/${serverId}/run`);
  await page.getByLabel("Command", { exact: true }).fill(command);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.locator(".timeline").waitFor();
  return new URL(page.url()).hash.split("/").at(-1) ?? "";
}

/** Presses a button of the overview of a host, where the faults are. */
export async function pressFault(page: Page, serverId: string, name: string): Promise<void> {
  await goTo(page, `#/hosts/${serverId}`);
  await page.getByRole("button", { name, exact: true }).click();
}

/** The generation that a page about a host shows; rises with every connection. */
export async function generationOn(page: Page): Promise<number> {
  return Number(
    await page
      .locator(".facts div", { hasText: /^generation/ })
      .locator("dd")
      .textContent(),
  );
}

/** Waits until a page about a host shows that it is online in a later generation than another one. */
export async function isOnlineAfter(page: Page, generation: number): Promise<void> {
  await page.waitForFunction((before) => {
    const shown = [...document.querySelectorAll(".facts div")].find(
      (row) => row.firstChild?.textContent === "generation",
    );
    const isOnlineNow = document.querySelector(".page-head .chip[data-tone=online]") !== null;
    return isOnlineNow && Number(shown?.lastChild?.textContent) > before;
  }, generation);
}

/** Goes to the page of an agent, and waits until it shows a line that was not there before. @returns How many there are. */
export async function seesMoreLines(page: Page, serverId: string, agentId: string, before: number): Promise<number> {
  await goTo(page, `#/hosts/${serverId}/agents/${agentId}`);
  const handle = await page.waitForFunction((known) => {
    const text = [...document.querySelectorAll(".output")].map(({ textContent }) => textContent).join("");
    const last = Number(text.trimEnd().split("line ").at(-1));
    return last > known ? last : undefined;
  }, before);
  return (await handle.jsonValue()) ?? before;
}

/** All that an agent has written, once it has ended well. */
export async function outputOf(page: Page, serverId: string, agentId: string): Promise<string> {
  await goTo(page, `#/hosts/${serverId}/agents/${agentId}`);
  await page.getByText("exit code 0").waitFor();
  return (await page.locator(".output").allTextContents()).join("");
}

/** A record of the transition log. */
export interface LoggedStep {
  readonly machine: string;
  readonly step: string;
  readonly event: string;
}

/** The transition log as its page shows it, the oldest first. */
export async function readLog(page: Page, serverId: string): Promise<LoggedStep[]> {
  await goTo(page, `#/hosts/${serverId}/log`);
  const rows = page.locator(".transitions li");
  await rows.first().waitFor();
  const steps = await rows.evaluateAll((elements) =>
    elements.map((element) => {
      const textOf = (selector: string): string => element.querySelector(selector)?.textContent ?? "";
      return { machine: textOf(".machine"), step: textOf(".step"), event: textOf(".event code") };
    }),
  );
  return steps.toReversed();
}
