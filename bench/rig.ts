import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What a process of the rig is asked to do. */
export type RigRequest =
  | { readonly do: "serve"; readonly peer: string }
  | { readonly do: "dial"; readonly peer: string; readonly port: number }
  | { readonly do: "measure"; readonly measure: string; readonly parameters: Readonly<Record<string, number>> }
  | { readonly do: "crowd"; readonly peer: string; readonly port: number; readonly count: number }
  | { readonly do: "stage"; readonly scene: string; readonly peer: string; readonly port?: number }
  | { readonly do: "act" | "begin"; readonly act: string; readonly parameters: Readonly<Record<string, number>> }
  | { readonly do: "outcome" }
  | { readonly do: "cut" }
  | { readonly do: "comeBack" }
  | { readonly do: "cpu" }
  | { readonly do: "usage" }
  | { readonly do: "heap" }
  | { readonly do: "profile" }
  | { readonly do: "profiled" };

/** The memory that a process uses. */
export interface Usage {
  /** Resident memory after a collection, in bytes. */
  readonly rssBytes: number;
  /** What is in use of the heap, and beside it, after a collection, in bytes. */
  readonly heapBytes: number;
}

/** A process of the rig: the server or the client of one peer. */
export interface RigProcess {
  /** Asks for something and gives the answer: a number where nothing else is said. */
  ask<T = number>(request: RigRequest): Promise<T>;
  /** Ends the process. */
  end(): void;
}

const CHILD = fileURLToPath(new URL("./tmp/child.mjs", import.meta.url));
/** Longer than anything takes that is asked of a process, on a machine with much else to do. */
const ANSWER_TIMEOUT_MS = 300_000;
const hasTaskset = spawnSync("taskset", ["-V"], { stdio: "ignore" }).status === 0;

/** Whether processes can be kept on one core each on this machine. */
export const canPin = hasTaskset;

/** Starts a process of the rig on one core, where that is possible. The program must have been built. */
export function startRigProcess(core: number, flags: readonly string[] = []): RigProcess {
  const execArgv = ["--expose-gc", ...flags];
  const child = hasTaskset
    ? fork(CHILD, { execPath: "taskset", execArgv: ["-c", `${core}`, process.execPath, ...execArgv] })
    : fork(CHILD, { execArgv });
  return { ask: (request) => ask(child, request), end: () => void child.kill() };
}

function ask<T>(child: ChildProcess, request: RigRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    const asked = JSON.stringify(request);
    const ended = (): void => reject(new Error(`the process has ended while it was asked ${asked}`));
    const timeout = setTimeout(() => {
      reject(new Error(`the process has not answered within ${ANSWER_TIMEOUT_MS / 1000} s when it was asked ${asked}`));
    }, ANSWER_TIMEOUT_MS);
    child.once("exit", ended);
    child.once("message", (answer: { value?: T; error?: string }) => {
      clearTimeout(timeout);
      child.off("exit", ended);
      if (answer.error === undefined) resolve(answer.value as T);
      else reject(new Error(answer.error));
    });
    child.send(request);
  });
}
