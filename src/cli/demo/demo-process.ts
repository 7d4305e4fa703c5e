import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter } from "node:events";
import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { ProgressWatch } from "./progress-watch.ts";

/** A process of the demo. */
export interface DemoProcess {
  /** The process. */
  readonly child: ChildProcess;
  /** Emits `line` with each line of its standard output, and `ended` once. */
  readonly events: EventEmitter<{ line: [line: string]; ended: [] }>;
  /** Resolves when the process has ended and everything that it said was heard. */
  readonly ended: Promise<void>;
  /** Kills it as a crash would, and waits until it has ended. */
  kill(): Promise<void>;
}

/** How long a process may take to end in good order when the demo is over. */
const END_MS = 5_000;

/** The processes of a demo. */
export class DemoProcesses {
  /** Those that run, and when they have ended. */
  private readonly running = new Map<ChildProcess, Promise<void>>();
  private readonly main: string;
  /** Hears of what they come to. */
  readonly progress: ProgressWatch;

  /** @param main The file of the command line. */
  constructor(main: string, progress: ProgressWatch) {
    this.main = main;
    this.progress = progress;
  }

  /**
   * Starts `moorline ARGS` in the way in which this process was started.
   * @param log The file that its standard error is added to. Default: that of this process.
   */
  start(args: readonly string[], log?: string): DemoProcess {
    const errors = log === undefined ? "inherit" : openSync(log, "a");
    const child = spawn(process.execPath, [...process.execArgv, this.main, ...args], {
      stdio: ["pipe", "pipe", errors],
    });
    if (typeof errors === "number") closeSync(errors);
    // What could not be started has no streams.
    if (child.stdin === null || child.stdout === null) throw new Error("a process of the demo cannot be started");
    // Who ends does not read its input to the end.
    child.stdin.on("error", () => undefined);
    const events: DemoProcess["events"] = new EventEmitter();
    events.setMaxListeners(0);
    createInterface({ input: child.stdout }).on("line", (line) => events.emit("line", line));
    const ended = this.track(child).then(() => void events.emit("ended"));
    const kill = (): Promise<void> => {
      child.kill("SIGKILL");
      return ended;
    };
    return { child, events, ended, kill };
  }

  /** Starts a command that is read from, without input. `ended` resolves with its exit code, or the signal that ended it. */
  run([program = "", ...args]: readonly string[]): {
    readonly stdout: Readable;
    readonly ended: Promise<number | string | null>;
  } {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
    return { stdout: child.stdout, ended: this.track(child).then(() => child.exitCode ?? child.signalCode) };
  }

  /** Ends every process that still runs, in good order where that goes soon enough. */
  async end(): Promise<void> {
    const timer = setTimeout(() => this.kill(), END_MS);
    for (const child of this.running.keys()) {
      child.kill("SIGTERM");
      child.kill("SIGCONT");
    }
    await Promise.all(this.running.values());
    clearTimeout(timer);
  }

  /** Kills every process that still runs. */
  kill(): void {
    for (const child of this.running.keys()) child.kill("SIGKILL");
  }

  private track(child: ChildProcess): Promise<void> {
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
    // What cannot be started is closed too.
    child.on("error", () => undefined);
    this.running.set(child, ended);
    return ended.finally(() => this.running.delete(child));
  }
}
