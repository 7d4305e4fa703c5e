import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { onTestFinished } from "vitest";

/** A page of the browser, and what it has complained of. */
export interface OpenPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors and warnings of its console, what it has thrown, and what its policy has blocked. */
  readonly complaints: readonly string[];
  /** Everything that it has asked for by HTTP, and every WebSocket, by address without the query. */
  readonly requests: readonly string[];
  /** Complaints that are none: a test that cuts a connection makes the browser say so. */
  expectComplaint(pattern: RegExp): void;
}

/** Looks, by what Playwright calls them. */
export interface Look {
  readonly name: string;
  readonly options: BrowserContextOptions;
}

/** A wide window, light and dark, and a telephone. */
export const LOOKS: readonly Look[] = [
  { name: "light", options: { colorScheme: "light", viewport: { width: 1280, height: 900 } } },
  { name: "dark", options: { colorScheme: "dark", viewport: { width: 1280, height: 900 } } },
  { name: "narrow", options: { colorScheme: "light", viewport: { width: 375, height: 812 }, deviceScaleFactor: 2 } },
];

/** Opens a window, with storage of its own, which is closed with the test. */
export async function openWindow(browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  onTestFinished(() => context.close());
  return context;
}

/** Opens an address in a window of its own. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  return await openTab(await openWindow(browser, options), url);
}

/** Opens an address in another tab of a window, with the same storage. */
export async function openTab(context: BrowserContext, url: string): Promise<OpenPage> {
  const opened = watchPage(context, await context.newPage());
  await opened.page.goto(url);
  return opened;
}

/** Collects what a page says and asks for from now on. */
export function watchPage(context: BrowserContext, page: Page): OpenPage {
  const heard: string[] = [];
  const expected: RegExp[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) heard.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => heard.push(`thrown: ${error.message}`));
  page.on("request", (request) => requests.push(withoutQuery(request.url())));
  page.on("websocket", (socket) => requests.push(withoutQuery(socket.url())));
  return {
    page,
    context,
    requests,
    get complaints() {
      return heard.filter((text) => !expected.some((pattern) => pattern.test(text)));
    },
    expectComplaint: (pattern) => void expected.push(pattern),
  };
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/, "");
}
