import type { ConnectError } from "@connectrpc/connect";
import type { Call } from "../channel/call.ts";

/** What a {@link MessagePump} tells its owner. */
export interface PumpOptions<T> {
  /** The call that the messages go to. */
  readonly call: Call;
  /** Encodes a message; may throw. */
  readonly encode: (message: T) => Uint8Array;
  /** Before the first message is sent; may throw. */
  readonly onFirst?: () => void;
  /** Everything was sent. */
  readonly onDone: () => void;
  /** The source, the encoding or the sending failed; the pump has stopped. */
  readonly onFailed: (thrown: unknown) => void;
}

/**
 * Sends the messages of an iterable, asking it for the next one only when the call may send: a peer that does not read
 * stops the source. Spec: CREDIT-4.
 */
export class MessagePump<T> {
  private readonly options: PumpOptions<T>;
  private readonly source: AsyncIterator<T>;
  private phase: "running" | "stopped" = "running";
  private resume: (() => void) | undefined = undefined;

  /** @param source What is sent. @throws What the source throws where it is asked for its iterator. */
  constructor(source: AsyncIterable<T>, options: PumpOptions<T>) {
    this.source = source[Symbol.asyncIterator]();
    this.options = options;
  }

  /** Sends until the source ends, fails, or the pump is stopped. Never rejects. Call once. */
  async run(): Promise<void> {
    const { call, encode } = this.options;
    let isFirst = true;
    try {
      while (this.phase === "running") {
        if (!call.isWritable) await this.writable();
        if (this.hasStopped()) return;
        const next = await this.source.next();
        if (this.hasStopped()) return;
        if (next.done === true) return this.finish();
        const bytes = encode(next.value);
        if (isFirst) this.options.onFirst?.();
        isFirst = false;
        call.send(bytes);
      }
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  /** The call may send again. */
  wake(): void {
    const resume = this.resume;
    this.resume = undefined;
    resume?.();
  }

  /**
   * Sends no more and tells the source so.
   * @param error What the call failed with: a source that waits at its `yield` gets it thrown there.
   */
  stop(error?: ConnectError): void {
    if (this.phase === "stopped") return;
    this.phase = "stopped";
    this.wake();
    if (error !== undefined) ignoreOutcome(() => this.source.throw?.(error));
    ignoreOutcome(() => this.source.return?.());
  }

  // A method of its own, because the compiler does not see that an await may change the phase.
  private hasStopped(): boolean {
    return this.phase === "stopped";
  }

  private writable(): Promise<void> {
    return new Promise((resolve) => {
      this.resume = resolve;
    });
  }

  private finish(): void {
    this.phase = "stopped";
    this.options.onDone();
  }

  private fail(thrown: unknown): void {
    if (this.phase === "stopped") return;
    this.stop();
    this.options.onFailed(thrown);
  }
}

/** Whatever the source makes of being stopped, nobody is left who wants to know. */
function ignoreOutcome(stop: () => Promise<unknown> | undefined): void {
  try {
    stop()?.catch(() => {});
  } catch {
    // Thrown by an iterator that is no generator.
  }
}
