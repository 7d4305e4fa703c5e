import type { Readable } from "node:stream";
import { type CommandOutput, OutputStream } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import { OutputSplitter } from "./output-splitter.ts";

/** How output is read; times in milliseconds. */
export interface OutputPumpOptions {
  /** How long a line without its end is held at most. */
  readonly lineMs: number;
  /** How long the streams are waited for after the process has exited, in all. */
  readonly drainMs: number;
}

/** The most bytes read after the exit of the process: what a pipe can hold. More comes from children left behind. */
export const MAX_DRAINED_BYTES = 1 << 20;

/**
 * Reads both streams of a process and hands on what they say, batch by batch, each after the one before was taken.
 * Between two batches nothing is read, so that memory holds one pipe's worth for each stream. Spec: AGENT-3, AGENT-4.
 */
export class OutputPump {
  readonly #sources: readonly Source[];
  readonly #clock: Clock;
  readonly #options: OutputPumpOptions;
  readonly #splitter = new OutputSplitter();
  #wake: () => void = () => {};
  #heldSinceMs = 0;
  #drain: Drain | undefined;

  /**
   * @param stdout The standard output. Nobody else reads it.
   * @param stderr The standard error. Nobody else reads it.
   */
  constructor(stdout: Readable, stderr: Readable, clock: Clock, options: OutputPumpOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#sources = [
      { stream: OutputStream.STDOUT, readable: stdout },
      { stream: OutputStream.STDERR, readable: stderr },
    ];
    for (const { readable } of this.#sources) {
      for (const event of ["readable", "end", "error", "close"]) readable.on(event, () => this.#wake());
    }
  }

  /**
   * Reads until both streams have ended, or the process has exited and they say nothing more; then closes them.
   * @param deliver Takes a batch, at least one item. What it throws or rejects with ends the pump.
   */
  async run(deliver: (items: CommandOutput[]) => Promise<void> | void): Promise<void> {
    try {
      for (let items = await this.#next(); items !== undefined; items = await this.#next()) await deliver(items);
      const rest = this.#splitter.flush();
      if (rest.length > 0) await deliver(rest);
    } finally {
      for (const { readable } of this.#sources) readable.destroy();
    }
  }

  /** Says that the process has exited: what it wrote is still read, but its children are not waited for. */
  processExited(): void {
    this.#drain = { beganAtMs: this.#clock.now(), leftMs: this.#options.drainMs, bytes: 0 };
    this.#wake();
  }

  /** The next batch. Undefined: there is nothing more to come. */
  async #next(): Promise<CommandOutput[] | undefined> {
    while ((this.#drain?.bytes ?? 0) <= MAX_DRAINED_BYTES) {
      const items = this.#read() ?? (await this.#idle());
      if (items === undefined) return undefined;
      if (items.length > 0) return items;
    }
    return undefined;
  }

  /** What both streams have now, cut into items; none where it is all held. Undefined where they have nothing. */
  #read(): CommandOutput[] | undefined {
    const chunks = this.#sources.map(({ stream, readable }) => ({
      stream,
      data: readable.read() as Uint8Array | null,
    }));
    if (chunks.every(({ data }) => data === null)) return undefined;
    const wasHolding = this.#splitter.isHolding;
    const items: CommandOutput[] = [];
    for (const { stream, data } of chunks) {
      if (data === null) continue;
      items.push(...this.#splitter.push(stream, data));
      if (this.#drain !== undefined) this.#drain.bytes += data.length;
    }
    if (items.length > 0 || !wasHolding) this.#heldSinceMs = this.#clock.now();
    return items;
  }

  /** Waits until there may be something to read. Undefined: there is nothing more to come. */
  async #idle(): Promise<CommandOutput[] | undefined> {
    if (this.#sources.every(({ readable }) => readable.readableEnded || readable.destroyed)) return undefined;
    if (this.#drain !== undefined && this.#drain.leftMs <= 0) return undefined;
    const startedAtMs = this.#clock.now();
    await this.#wait(startedAtMs);
    const nowMs = this.#clock.now();
    // The exit may have come meanwhile, and the silence before it does not count.
    const drain = this.#drain;
    if (drain !== undefined) drain.leftMs -= nowMs - Math.max(startedAtMs, drain.beganAtMs);
    const isLineDue = this.#splitter.isHolding && nowMs >= this.#heldSinceMs + this.#options.lineMs;
    return isLineDue ? this.#splitter.flush() : [];
  }

  /** Settles when a stream has something, or the time of the held line or of the drain is over. */
  #wait(nowMs: number): Promise<void> {
    const delaysMs = [
      ...(this.#splitter.isHolding ? [this.#heldSinceMs + this.#options.lineMs - nowMs] : []),
      ...(this.#drain === undefined ? [] : [this.#drain.leftMs]),
    ];
    let timer: Timer | undefined;
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (delaysMs.length === 0) return;
      // A turn of the event loop later: after a long pause the timer comes before what waits in the pipe.
      timer = this.#clock.setTimer(Math.max(0, Math.min(...delaysMs)), () => setImmediate(resolve));
    });
    return woken.finally(() => timer?.cancel());
  }
}

interface Source {
  readonly stream: OutputStream;
  readonly readable: Readable;
}

/** What is left of the reading after the exit. Only the time spent waiting counts, not that of a slow listener. */
interface Drain {
  readonly beganAtMs: number;
  leftMs: number;
  bytes: number;
}
