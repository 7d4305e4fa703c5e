import type { Clock, Timer } from "../core/clock.ts";
import { Queue } from "../core/queue.ts";
import { ABNORMAL_CLOSURE, cutReason, toCloseCode } from "./close.ts";
import type { Connection, ConnectionHandler, ConnectionListener } from "./connection.ts";
import { transportLimits } from "./limits.ts";
import { closeAfterThrow, ListenerGuard } from "./listener-guard.ts";

/** One message of a stream that carries packets. */
export interface StreamMessage {
  readonly packet?: Uint8Array;
  /** The connection is closed; the last message. */
  readonly close?: StreamFarewell | undefined;
}

/** How a side closes. */
export interface StreamFarewell {
  readonly code: number;
  readonly reason: string;
}

/** What a {@link StreamConnection} stands on. */
export interface StreamParts {
  readonly clock: Clock;
  /** Ends the stream at once. */
  readonly abort: () => void;
  /** Bytes that were written and have not left yet. Default: none, whoever takes the next message has sent the last. */
  readonly unsentBytes?: () => number;
}

/**
 * A connection over a pair of message streams, as a bidirectional RPC has them. Whoever owns the streams writes `outgoing`,
 * and tells what comes, and how it ends.
 */
export class StreamConnection implements Connection {
  private readonly parts: StreamParts;
  private readonly guard: ListenerGuard;
  private readonly queue = new Queue<Uint8Array>();
  private queuedBytes = 0;
  /** Of the message that was taken last, until the next one is. */
  private passingBytes = 0;
  private farewell: StreamFarewell | undefined = undefined;
  private timer: Timer | undefined = undefined;
  private wake: () => void = () => {};
  private poll: Timer | undefined = undefined;

  private constructor(parts: StreamParts, listener: ConnectionListener | undefined) {
    const onThrown = (): void => closeAfterThrow(this);
    this.parts = parts;
    this.guard = listener ? ListenerGuard.dialing(listener, onThrown) : ListenerGuard.accepted(onThrown);
  }

  /** A connection over a stream that was just begun. It opens with the first message that comes. */
  static dialed(parts: StreamParts, listener: ConnectionListener): StreamConnection {
    return new StreamConnection(parts, listener);
  }

  /** A connection over a stream that was just accepted. */
  static accepted(parts: StreamParts, handler: ConnectionHandler): StreamConnection {
    const connection = new StreamConnection(parts, undefined);
    connection.guard.listen(handler, connection);
    return connection;
  }

  get bufferedBytes(): number {
    // What passes counts once, whether it was written by now or not.
    return this.queuedBytes + Math.max(this.passingBytes, this.parts.unsentBytes?.() ?? 0);
  }

  send(packet: Uint8Array): void {
    if (this.guard.phase !== "open") return;
    this.queue.push(packet);
    this.queuedBytes += packet.length;
    this.wake();
  }

  close(code: number, reason: string): void {
    if (this.guard.phase === "dialing") {
      this.abort();
    } else if (this.guard.startClosing()) {
      this.farewell = { code: toCloseCode(code), reason: cutReason(reason) };
      this.timer = this.parts.clock.setTimer(transportLimits.closeTimeoutMs, () => this.abort());
      this.wake();
    }
  }

  abort(): void {
    if (!this.guard.startAborting()) return;
    this.discard();
    this.parts.abort();
    // The stream may be over already, and say nothing any more.
    this.parts.clock.defer(() => this.lost("the connection was dropped"));
  }

  /** What has to be sent, in order. Ends after the own farewell, or when the connection is over. */
  async *outgoing(): AsyncGenerator<StreamMessage, void, undefined> {
    while (this.guard.phase !== "closed" && this.guard.phase !== "aborting") {
      const packet = this.queue.shift();
      if (packet !== undefined) {
        this.queuedBytes -= packet.length;
        this.passingBytes = packet.length;
        yield { packet };
        // Whoever asks for the next one has written this one.
        this.passingBytes = 0;
        this.tellDrained();
      } else if (this.farewell !== undefined) {
        yield { close: this.farewell };
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
    }
  }

  /** A message has come. */
  received({ packet, close }: StreamMessage): void {
    if (this.guard.phase === "dialing") this.guard.open();
    else if (close !== undefined) this.over(toCloseCode(close.code), close.reason);
    else this.guard.receive(packet === undefined ? new Uint8Array() : toPlainView(packet));
  }

  /** The peer's stream has ended in an orderly way. Without a farewell of anybody that is a loss. */
  ended(): void {
    const { farewell } = this;
    if (farewell === undefined) this.lost("the stream ended without a reason");
    else this.over(farewell.code, farewell.reason);
  }

  /** The stream is gone. */
  lost(reason: string): void {
    this.over(ABNORMAL_CLOSURE, reason);
  }

  private over(code: number, reason: string): void {
    this.timer?.cancel();
    this.poll?.cancel();
    this.guard.close(code, reason);
    this.discard();
  }

  private discard(): void {
    while (this.queue.shift() !== undefined) {}
    this.queuedBytes = 0;
    this.passingBytes = 0;
    this.wake();
  }

  /** What is still on its way is looked at again: nobody says when it has left. */
  private tellDrained(): void {
    this.guard.drain();
    this.poll?.cancel();
    if (this.guard.phase !== "open" || this.bufferedBytes === 0) return;
    this.poll = this.parts.clock.setTimer(transportLimits.pollMs, () => this.tellDrained());
  }
}

/** A view whose `slice` is a copy, which that of a Buffer is not. */
function toPlainView({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}
