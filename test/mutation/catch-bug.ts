import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { PLANTED_BUG, type PlantedBug } from "./planted-bug.ts";

/** How a process ended that had the bug in it. */
export interface Outcome {
  /** The exit code. `timeout` where it did not end by itself. */
  readonly exit: number | "timeout";
  /** What it printed. */
  readonly output: string;
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TIMEOUT_MS = 60_000;
/** The exit code of a world, and of tests, that have failed. */
const FAILED = 1;

/** Runs what has to catch the bug, in a process of its own, with the bug planted. */
export function runWithBug(bug: PlantedBug): Promise<Outcome> {
  const { name, file, find, replace } = bug;
  const env = { ...process.env, NO_COLOR: "1", [PLANTED_BUG]: JSON.stringify({ name, file, find, replace }) };
  return new Promise((resolve) => {
    const options = { cwd: ROOT, env, timeout: TIMEOUT_MS, maxBuffer: 1 << 26 };
    execFile(process.execPath, argumentsFor(bug), options, (error, stdout, stderr) => {
      const exit = error === null ? 0 : typeof error.code === "number" ? error.code : "timeout";
      resolve({ exit, output: `${stdout}${stderr}` });
    });
  });
}

/** Why the bug does not count as caught. Undefined where it does. */
export function whyNotCaught(bug: PlantedBug, { exit, output }: Outcome): string | undefined {
  if (exit === 0) return "nothing failed";
  if (exit === "timeout") return `it hangs\n${tailOf(output)}`;
  if (exit !== FAILED || !bug.shows.test(output)) return `it failed otherwise than it should\n${tailOf(output)}`;
  return undefined;
}

function argumentsFor({ caughtBy }: PlantedBug): string[] {
  if ("test" in caughtBy) {
    return ["node_modules/vitest/vitest.mjs", "run", "--config", "test/mutation/planted.config.ts", caughtBy.test];
  }
  const hook = new URL("load-planted.ts", import.meta.url).href;
  const seeds = ["--seeds", String(caughtBy.maxSeeds), "--max-failures", "1", "--events", "1"];
  return ["--import", hook, "test/simulation/main.ts", "--world", caughtBy.world, ...seeds];
}

function tailOf(output: string): string {
  return output.slice(-2_000);
}
