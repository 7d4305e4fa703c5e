import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { execa, type ResultPromise } from "execa";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** How a command of the tests is started. */
export type MoorlineCommand = ResultPromise<{ reject: false; buffer: true; stdin: "pipe" | "ignore" }>;

/** Starts `moorline ARGS` from the sources. @param stdin `pipe`: what the test writes, and stays open until it ends it. */
export function startMoorline(args: readonly string[], stdin: "pipe" | "ignore" = "ignore"): MoorlineCommand {
  return execa(process.execPath, ["--conditions=moorline-source", main, ...args], {
    reject: false,
    buffer: true,
    stdin,
    cleanup: true,
  }) as MoorlineCommand;
}

/** A daemon of the tests that listens. */
export interface StartedDaemon {
  readonly command: MoorlineCommand;
  readonly endpoint: string;
  readonly serverId: string;
  /** What commands need to reach it. */
  readonly reached: readonly string[];
}

/** Starts `moorline daemon`, and comes back when it listens. @param port 0: a free one. */
export async function startDaemon(stateDir: string, port = 0): Promise<StartedDaemon> {
  const command = startMoorline(["daemon", "--listen", `127.0.0.1:${port}`, "--state-dir", stateDir, "--json"]);
  const first = await firstLine(command);
  const { endpoint, serverId } = JSON.parse(first);
  return { command, endpoint, serverId, reached: ["--endpoint", endpoint, "--token-file", `${stateDir}/token`] };
}

/** The first line of what a command prints. */
export async function firstLine({ stdout }: { readonly stdout: Readable }): Promise<string> {
  const [line] = await once(createInterface({ input: stdout }), "line");
  return line as string;
}
