import { describe, expect, it } from "vitest";
import { goTo } from "./support/console-page.ts";
import { openPage } from "./support/open-page.ts";
import { startBrowser } from "./support/start-browser.ts";
import { startCrowd } from "./support/start-crowd.ts";

const browser = startBrowser();
const COUNT = 10_000;
/** Rows that fill a window several times. */
const MOST_ROWS = 100;

async function openCrowd() {
  const crowd = await startCrowd(COUNT);
  const opened = await openPage(browser(), crowd.url);
  const { page } = opened;
  await page.getByText("10,000 agents").waitFor();
  await goTo(page, `#/hosts/${crowd.serverId}/agents`);
  const row = (title: string) => page.locator(".agent-row", { has: page.getByText(title, { exact: true }) });
  await row(`agent ${COUNT - 1}`).waitFor();
  return { ...opened, crowd, row, rows: page.locator(".agent-row") };
}

describe("the console of a daemon with 10,000 agents", () => {
  it("has the rows in view, wherever the list is scrolled to, and no others [CONSOLE-14]", async () => {
    const { page, row, rows, complaints } = await openCrowd();
    await page.getByText("10,000 of 10,000 agents").waitFor();
    expect(await rows.count()).toBeLessThan(MOST_ROWS);
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await row("agent 0").waitFor();
    expect(await rows.count()).toBeLessThan(MOST_ROWS);
    expect(await row("agent 0").locator("..").getAttribute("aria-posinset")).toBe("10000");
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight / 2));
    await row("agent 5000").waitFor();
    expect(complaints).toEqual([]);
  });

  it("goes from row to row by the keyboard, beyond those that were in view [CONSOLE-11, CONSOLE-14]", async () => {
    const { page, row } = await openCrowd();
    await row(`agent ${COUNT - 1}`).focus();
    for (let presses = 0; presses < 60; presses += 1) await page.keyboard.press("Tab");
    const isThere = (element: Element): boolean => element === document.activeElement;
    expect(await row(`agent ${COUNT - 61}`).evaluate(isThere)).toBe(true);
  });

  it("goes to the top of another page, and back to where the list was [CONSOLE-12]", async () => {
    const { page, row } = await openCrowd();
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight / 2));
    const place = await page.evaluate(() => scrollY);
    await row("agent 5000").click();
    await page.getByRole("heading", { name: "agent 5000" }).waitFor();
    await page.waitForFunction(() => scrollY === 0);
    await page.goBack();
    await page.waitForFunction((before) => scrollY === before, place);
    await row("agent 5000").waitFor();
  });

  it("shows what an agent has become, and what is searched for [CONSOLE-14]", async () => {
    const { page, crowd, row } = await openCrowd();
    crowd.retitle(17, "the one that changed");
    await row("the one that changed").waitFor();
    await page.getByLabel("Text").fill("agent 4242");
    await page.getByText("1 of 10,000 agents").waitFor();
    await row("agent 4242").waitFor();
  });
});
