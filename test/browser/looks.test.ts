import { describe, expect, it } from "vitest";
import { consoleOutput } from "../../scripts/build-console.ts";
import { openPageServer } from "../../src/server/pages/page-server.ts";
import { Pages } from "../../src/server/pages/pages.ts";
import { LOOKS, openPage } from "./support/open-page.ts";
import { takeScreenshot } from "./support/screenshot.ts";
import { startBrowser } from "./support/start-browser.ts";

const HOST = "Yw3NqB0c4XvJ5m8Zr1tK2sL7pD9fG6hA3eU0iO4wQyE";
const AWAY = "b8Tz1LkQ0mW5sYx7cR3vN9pJ2gH6dF4aE0uI8oKyMtC";
const FAILED = "k0Pq9RwE8tY7uI6oO5pL4kJ3hG2fD1sA0zX9cV8bN7M";
/** Every page, by what its picture is called. */
const PAGES: Readonly<Record<string, string>> = {
  hosts: "#/",
  host: `#/hosts/${HOST}`,
  "host-away": `#/hosts/${AWAY}`,
  agents: `#/hosts/${HOST}/agents`,
  "agents-reconnecting": `#/hosts/${AWAY}/agents`,
  "agents-failed": `#/hosts/${FAILED}/agents`,
  run: `#/hosts/${HOST}/run`,
  log: `#/hosts/${HOST}/log`,
  agent: `#/hosts/${HOST}/agents/q0aAM0vQm0S5V7yL2p0c3A`,
  "agent-permission": `#/hosts/${HOST}/agents/m7cXb1nQ5kS0R3yT9u2e4w`,
  missing: "#/nowhere",
};

const browser = startBrowser();

async function serveFixture(): Promise<string> {
  const server = await openPageServer(await Pages.load(consoleOutput("fixture")));
  return server.url;
}

describe("the pages of the console", () => {
  it.each(LOOKS)("look well: $name [CONSOLE-11]", async ({ name, options }) => {
    const { page, complaints } = await openPage(browser(), await serveFixture(), options);
    for (const [title, fragment] of Object.entries(PAGES)) {
      await page.evaluate((next) => {
        location.hash = next;
      }, fragment);
      await page.locator("h1").waitFor();
      await takeScreenshot(page, `${title}-${name}`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect([title, Math.max(0, overflow)]).toEqual([title, 0]);
    }
    expect(complaints).toEqual([]);
  });
});
