import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll } from "vitest";

/** Where systems have Chromium. `MOORLINE_CHROMIUM` names another one. */
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/snap/bin/chromium"];

/** As root, and in containers, Chromium has no sandbox of its own. */
export const CHROMIUM_ARGS = ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"];

/** The Chromium of this machine. Throws where there is none. */
export function findChromium(): string {
  const found = [process.env.MOORLINE_CHROMIUM ?? "", ...PLACES].find((path) => path !== "" && existsSync(path));
  if (found === undefined)
    throw new Error("there is no Chromium: `apt-get install chromium`, or name one in MOORLINE_CHROMIUM");
  return found;
}

/** Starts Chromium for the tests of a file. @returns It, from the first test on. */
export function startBrowser(): () => Browser {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_ARGS });
  });
  afterAll(async () => {
    await browser?.close();
  });
  return () => {
    if (browser === undefined) throw new Error("the browser is not started yet");
    return browser;
  };
}
