/**
 * Builds the console, a web page, into dist/console. With `--if-stale` only where it is older than what it is made of. For
 * tests and screenshots, beside it: with `--fixture` the page with made-up hosts, and with `--strict` the page with the build
 * of React that runs effects twice.
 */
import { globSync, renameSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "vite";

/** Which page is built. `strict`: with React's development build, whose StrictMode runs effects twice. */
export type ConsoleMode = "production" | "fixture" | "strict";

const root = fileURLToPath(new URL("..", import.meta.url));
const SOURCES = ["src/**/*.{ts,tsx,css,html,svg}", "gen/**/*.ts", "vite.console.config.ts", "package-lock.json"];

/** The folder of a page that was built. */
export function consoleOutput(mode: ConsoleMode): string {
  return `${root}dist/${mode === "production" ? "console" : `console-${mode}`}`;
}

/** Builds the page. @param onlyIfStale Leaves one that is newer than every source. Default false. */
export async function buildConsole(mode: ConsoleMode, onlyIfStale = false): Promise<void> {
  const page = `${consoleOutput(mode)}/index.html`;
  if (
    onlyIfStale &&
    changedAt(page) > Math.max(...globSync(SOURCES, { cwd: root }).map((path) => changedAt(root + path)))
  )
    return;
  const { NODE_ENV } = process.env;
  // Tests build it as well, and React has another build for these.
  process.env.NODE_ENV = mode === "strict" ? "development" : "production";
  await build({ configFile: `${root}vite.console.config.ts`, mode, logLevel: "warn" });
  if (NODE_ENV === undefined) delete process.env.NODE_ENV;
  else process.env.NODE_ENV = NODE_ENV;
  if (mode === "fixture") renameSync(`${consoleOutput(mode)}/fixture.html`, page);
}

/** When a file was changed, in milliseconds since 1970. 0: it is not there. */
function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

if (import.meta.main) {
  const modes: readonly ConsoleMode[] = ["fixture", "strict"];
  const mode = modes.find((name) => process.argv.includes(`--${name}`));
  await buildConsole(mode ?? "production", process.argv.includes("--if-stale"));
}
