import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Call } from "../channel/call.ts";
import { Queue } from "../core/queue.ts";
import type { MessageFormat } from "./message-format.ts";

/** How a {@link MessageReader} reads. */
export interface ReaderOptions<D extends DescMessage> {
  /** The call whose messages are read. */
  readonly call: Call;
  /** Their type. */
  readonly format: MessageFormat<D>;
  /**
   * `close`: the messages end where the owner says so, by `finish`. `drain`: they end where the peer's half does.
   */
  readonly endsBy: "close" | "drain";
  /** What a message that cannot be decoded fails with. */
  readonly failure: Code;
  /** Whoever reads has stopped before the end. */
  readonly onReturn?: () => void;
  /** A message could not be decoded; the reader has failed with the error. */
  readonly onMalformed?: (error: ConnectError) => void;
}

/** `open`: more may come. `ended`: what was received can be read, then this. `failed`: nothing can be read any more. */
type ReadPhase =
  | { readonly name: "open" }
  | { readonly name: "ended"; readonly error: ConnectError | undefined }
  | { readonly name: "failed"; readonly error: ConnectError }
  | { readonly name: "done" };

interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: ConnectError) => void;
}

const OPEN: ReadPhase = { name: "open" };
const DONE: ReadPhase = { name: "done" };
const END: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * The messages of one half of a call, as an iterable. A message is taken from the call, and its credit returned, when the
 * consumer asks for it; one that is there already costs one promise. Spec: CREDIT-4.
 */
export class MessageReader<D extends DescMessage> implements AsyncIterableIterator<MessageShape<D>, undefined> {
  private readonly options: ReaderOptions<D>;
  private readonly waiters = new Queue<Waiter<MessageShape<D>>>();
  private phase: ReadPhase = OPEN;

  constructor(options: ReaderOptions<D>) {
    this.options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<MessageShape<D>, undefined>> {
    try {
      const result = this.waiters.length === 0 ? this.takeResult() : undefined;
      if (result !== undefined) return Promise.resolve(result);
    } catch (error) {
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      this.waiters.push({ resolve, reject });
    });
  }

  /** The consumer wants no more. */
  return(): Promise<IteratorReturnResult<undefined>> {
    if (this.phase !== DONE) {
      this.phase = DONE;
      this.wake();
      this.options.onReturn?.();
    }
    return Promise.resolve(END);
  }

  /** Something came, or ended: whoever waits gets it. */
  wake(): void {
    for (let waiter = this.waiters.at(0); waiter !== undefined; waiter = this.waiters.at(0)) {
      try {
        const result = this.takeResult();
        if (result === undefined) return;
        this.waiters.shift();
        waiter.resolve(result);
      } catch (error) {
        this.waiters.shift();
        waiter.reject(error as ConnectError);
      }
    }
  }

  /** No more messages come: after those that were received, the end, or the error. */
  finish(error: ConnectError | undefined): void {
    if (this.phase !== OPEN) return;
    this.phase = { name: "ended", error };
    this.wake();
  }

  /** The call is over: the error at once, whatever was received. */
  fail(error: ConnectError): void {
    if (this.phase === DONE || this.phase.name === "failed") return;
    this.phase = { name: "failed", error };
    this.wake();
  }

  /** The next message, or the end. Undefined while there is neither. Throws what the messages have failed with. */
  private takeResult(): IteratorResult<MessageShape<D>, undefined> | undefined {
    const { name } = this.phase;
    const bytes = name === "open" || name === "ended" ? this.options.call.read() : undefined;
    return bytes === undefined ? this.takeEnd() : { done: false, value: this.decode(bytes) };
  }

  private decode(bytes: Uint8Array): MessageShape<D> {
    const { format, failure } = this.options;
    try {
      return format.decode(bytes, failure);
    } catch (thrown) {
      const error = ConnectError.from(thrown, Code.Internal);
      this.phase = DONE;
      this.options.onMalformed?.(error);
      throw error;
    }
  }

  /** The end, where it is reached. Undefined while more may come. */
  private takeEnd(): IteratorReturnResult<undefined> | undefined {
    const phase = this.phase;
    switch (phase.name) {
      case "open":
        if (this.options.endsBy === "close" || !this.options.call.isDrained) return undefined;
        break;
      case "ended":
      case "failed":
        this.phase = DONE;
        if (phase.error !== undefined) throw phase.error;
        break;
      case "done":
        break;
    }
    this.phase = DONE;
    return END;
  }
}
