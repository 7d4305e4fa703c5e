import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Pages } from "../server/pages/pages.ts";
import { nodeError } from "../wire/node-error.ts";

/** What to do where the page is not there: a package always has it. */
const BUILD = "Build the console by `npm run build:console`.";

/** The folder of the console's page: beside the built code, or in the `dist` of the sources. It need not be there. */
export function consoleDirectory(): string {
  const isBuilt = !import.meta.url.endsWith(".ts");
  return fileURLToPath(new URL(isBuilt ? "../../console" : "../../dist/console", import.meta.url));
}

/** Whether the page is there: sources may not have been built. */
export function hasConsole(): boolean {
  return existsSync(consoleDirectory());
}

/**
 * The console's page.
 * @throws MoorlineError PAGES_UNUSABLE where it was not built.
 */
export async function loadConsole(): Promise<Pages> {
  if (!hasConsole()) throw nodeError("PAGES_UNUSABLE", "The console is not built.", { action: BUILD });
  return Pages.load(consoleDirectory());
}

/** What people are told where a daemon has no page because nobody has built it. */
export const CONSOLE_MISSING = `there is no console: ${BUILD}`;

/**
 * Where the console of a daemon is.
 * @param endpoint Of the daemon, `ws:` or `wss:`.
 * @param token Goes into the fragment, which browsers send to nobody. Undefined: the address is without one.
 */
export function consoleUrlOf(endpoint: string, token?: string): string {
  const url = endpoint.replace(/^ws/, "http");
  return token === undefined ? url : `${url}#token=${encodeURIComponent(token)}`;
}
