import type { BrowserContext, Page } from "playwright-core";

declare global {
  /** What {@link rememberNotices} has seen, on the pages of the tests. */
  var shownNotices: string[] | undefined;
}

/**
 * Has every page that is opened from now on remember which notices it shows, however briefly: `overlay`, `toast`, `badge`,
 * `error-screen`, and `empty`, which says that there is nothing.
 */
export async function rememberNotices(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const seen: string[] = [];
    globalThis.shownNotices = seen;
    const look = (): void => {
      for (const name of ["overlay", "toast", "badge", "error-screen", "empty"]) {
        if (document.querySelector(`.${name}`) !== null && seen.at(-1) !== name) seen.push(name);
      }
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
  });
}

/** The notices that a page has shown since it was loaded, in their order; what went on is there once. */
export async function noticesSeen(page: Page): Promise<readonly string[]> {
  return await page.evaluate(() => globalThis.shownNotices ?? []);
}

/** Has a page remember only what it shows from now on. */
export async function forgetNotices(page: Page): Promise<void> {
  await page.evaluate(() => globalThis.shownNotices?.splice(0));
}
