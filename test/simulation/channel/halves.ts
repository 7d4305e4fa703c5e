import type { Call } from "../../../src/channel/call.ts";
import type { Clock, Timer } from "../../../src/core/clock.ts";
import type { ReadStyle } from "./call-plan.ts";

/** Sends messages one after the other, as long as the call is writable. */
export class Pump {
  private readonly call: Call;
  private readonly sizes: readonly number[];
  private readonly sendNext: (index: number) => void;
  private next: number;

  /** @param first The index of the first message. @param sendNext Sends the message of an index. */
  constructor(call: Call, sizes: readonly number[], first: number, sendNext: (index: number) => void) {
    this.call = call;
    this.sizes = sizes;
    this.next = first;
    this.sendNext = sendNext;
  }

  /** Whether everything was sent. */
  get isDone(): boolean {
    return this.next >= this.sizes.length;
  }

  /** Sends what may be sent now. */
  run(): void {
    while (!this.isDone && this.call.isWritable) {
      this.next += 1;
      this.sendNext(this.next - 1);
    }
  }
}

/** Who gets what a reader reads. */
export interface MessageSink {
  take(message: Uint8Array): void;
  /** There is nothing more to read now. */
  exhausted(): void;
}

/** Reads the messages of a call, in its own style. */
export class Reader {
  private readonly clock: Clock;
  private readonly call: Call;
  private readonly sink: MessageSink;
  private style: ReadStyle;
  private timer: Timer | undefined = undefined;

  constructor(clock: Clock, call: Call, style: ReadStyle, sink: MessageSink) {
    this.clock = clock;
    this.call = call;
    this.style = style;
    this.sink = sink;
    if (style.kind === "stalled") this.timer = clock.setTimer(style.forMs, () => this.hurry());
  }

  /** There may be something to read. */
  wake(): void {
    if (this.timer !== undefined) return;
    for (let message = this.call.read(); message !== undefined; message = this.call.read()) {
      this.sink.take(message);
      if (this.style.kind !== "slow") continue;
      this.timer = this.clock.setTimer(this.style.everyMs, () => {
        this.timer = undefined;
        this.wake();
      });
      return;
    }
    this.sink.exhausted();
  }

  /** Reads everything at once from now on. */
  hurry(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.style = { kind: "eager" };
    this.wake();
  }
}
