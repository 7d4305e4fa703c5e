import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { KillPoint } from "./kill-point.ts";

/** What a daemon is told when it may start. */
export interface StartOrder {
  readonly stateDirectory: string;
  /** Absent: it lives until it is killed from outside. */
  readonly kill?: KillPoint;
}

/** How a daemon ended. */
export interface DaemonEnd {
  /** The signal, or the exit code where it ended by itself. */
  readonly by: string;
  /** What it has said on its standard error. */
  readonly said: string;
}

/** One process of a daemon. It is loaded when it is made, and starts when it is told to. */
export class DaemonProcess {
  /** Settles when nothing of it is left. */
  readonly ended: Promise<DaemonEnd>;
  private readonly child: ChildProcess;
  private readonly loaded: Promise<unknown>;

  /** @param script The program, built. */
  constructor(script: string) {
    this.child = spawn(process.execPath, [script], { stdio: ["ignore", "inherit", "pipe", "ipc"] });
    this.loaded = once(this.child, "message");
    this.ended = this.follow();
  }

  /** Starts the daemon. @returns Where it listens; undefined where it was killed before. */
  async start(order: StartOrder): Promise<string | undefined> {
    await this.loaded;
    const answered = once(this.child, "message") as Promise<[{ endpoint: string }]>;
    this.child.send(order);
    return Promise.race([answered.then(([{ endpoint }]) => endpoint), this.ended.then(() => undefined)]);
  }

  /** Kills it from outside. */
  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.ended;
  }

  private async follow(): Promise<DaemonEnd> {
    const said = this.child.stderr === null ? "" : text(this.child.stderr);
    const [code, signal] = await once(this.child, "exit");
    return { by: `${signal ?? code}`, said: await said };
  }
}
