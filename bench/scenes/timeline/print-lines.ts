import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The program is built to bench/tmp: the script lies beside that. */
const SCRIPT = fileURLToPath(new URL("../scenes/timeline/print-lines.mjs", import.meta.url));

/** The command that prints so many numbered lines. It runs on no core in particular. */
export function printLines(count: number): [string, ...string[]] {
  return [process.execPath, SCRIPT, `${count}`];
}

/** Runs it, and gives each line as it comes. */
export async function* readLines(count: number): AsyncGenerator<string> {
  const [program, ...args] = printLines(count);
  const { stdout } = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  yield* createInterface({ input: stdout, crlfDelay: Number.POSITIVE_INFINITY });
}
