import type { Readable, Writable } from "node:stream";
import { create } from "@bufbuild/protobuf";
import { execa } from "execa";
import { type ProcessExit, ProcessExitSchema } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { Clock, Timer } from "../../core/clock.ts";

/** A command, ready to be started. */
export interface ProcessCommand {
  /** The program and its arguments. */
  readonly argv: readonly [string, ...string[]];
  /** The directory that it runs in, absolute. */
  readonly workingDirectory: string;
  /** The whole environment: nothing is added. */
  readonly environment: Readonly<Record<string, string>>;
}

/** How the first process of a group ended; or why it could not be started, for people. */
export type ProcessEnd =
  | { readonly case: "exited"; readonly value: ProcessExit }
  | { readonly case: "notStarted"; readonly value: string };

/** How often a group that was told to end is looked at, in milliseconds. */
const LOOK_MS = 50;

/**
 * A process with all that it starts, as one group of processes. Children that leave the group (`setsid`) are not part of
 * it. Spec: AGENT-5.
 */
export class ProcessGroup {
  /** The standard input of the first process. Its errors are ignored: who does not read loses what was written. */
  readonly stdin: Writable;
  /** The standard output of the group. */
  readonly stdout: Readable;
  /** The standard error of the group. */
  readonly stderr: Readable;
  /** Settles when the first process has ended or could not be started. Never rejects. */
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ReturnType<typeof spawn>;
  readonly #clock: Clock;
  readonly #graceMs: number;
  #stopped: Promise<void> | undefined;

  /**
   * Starts the process. Never throws: see `ended`.
   * @param graceMs How long the group has between SIGTERM and SIGKILL, in milliseconds.
   */
  constructor(command: ProcessCommand, clock: Clock, graceMs: number) {
    this.#child = spawn(command);
    this.#clock = clock;
    this.#graceMs = graceMs;
    const { stdin, stdout, stderr } = this.#child;
    for (const stream of [stdin, stdout, stderr]) stream.on("error", () => {});
    this.stdin = stdin;
    this.stdout = stdout;
    this.stderr = stderr;
    this.ended = this.#end();
  }

  /** Whether the first process was started. */
  get isStarted(): boolean {
    return this.#child.pid !== undefined;
  }

  /**
   * Ends every process of the group: SIGTERM, and SIGKILL after the grace where any is left. Settles when none is.
   * Called again it gives the same promise. Never rejects.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #end(): Promise<ProcessEnd> {
    if (this.#child.pid === undefined) {
      const { originalMessage } = await this.#child;
      return { case: "notStarted", value: originalMessage ?? "the program could not be started" };
    }
    return new Promise((resolve) => {
      this.#child.nodeChildProcess.once("exit", (code, signal) => {
        resolve({ case: "exited", value: createExit(code, signal) });
      });
    });
  }

  async #stop(): Promise<void> {
    this.stdin.destroy();
    if (this.#isAlive()) {
      this.#child.kill("SIGTERM");
      await this.#outlive(this.#clock.now() + this.#graceMs);
    }
    await this.ended;
  }

  /** Settles when the group is gone, which it is at the deadline. */
  #outlive(deadlineMs: number): Promise<void> {
    return new Promise((gone) => {
      let timer: Timer | undefined;
      const look = (): void => {
        timer?.cancel();
        const leftMs = deadlineMs - this.#clock.now();
        const isAlive = this.#isAlive();
        if (isAlive && leftMs > 0) timer = this.#clock.setTimer(Math.min(LOOK_MS, leftMs), look);
        else gone();
        if (isAlive && leftMs <= 0) this.#child.kill("SIGKILL");
      };
      look();
      void this.ended.then(look);
    });
  }

  /** Whether any process of the group is left. Its number is not given to anybody else as long as one is. */
  #isAlive(): boolean {
    const { pid, nodeChildProcess } = this.#child;
    if (pid === undefined) return false;
    if (process.platform === "win32") return nodeChildProcess.exitCode === null;
    try {
      return process.kill(-pid, 0);
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "EPERM";
    }
  }
}

function createExit(code: number | null, signal: string | null): ProcessExit {
  const cause =
    signal === null ? { case: "code" as const, value: code ?? 0 } : { case: "signal" as const, value: signal };
  return create(ProcessExitSchema, { cause });
}

/** Signals are sent by the group's own clock, and output is read by its own pump. */
function spawn({ argv: [program, ...args], workingDirectory, environment }: ProcessCommand) {
  return execa(program, args, {
    cwd: workingDirectory,
    env: environment,
    extendEnv: false,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    encoding: "buffer",
    buffer: false,
    reject: false,
    killDescendants: true,
    forceKillAfterDelay: false,
    cleanup: true,
  });
}
