import type { Timer } from "../core/clock.ts";
import { ABNORMAL_CLOSURE, cutReason, toCloseCode } from "../transport/close.ts";
import type { Connection, ConnectionHandler, ConnectionListener } from "../transport/connection.ts";
import { transportLimits } from "../transport/limits.ts";
import { closeAfterThrow, ListenerGuard } from "../transport/listener-guard.ts";
import type { HostClock } from "./host-clock.ts";
import type { PipeItem, SimulatedPipe } from "./simulated-pipe.ts";

/** What an end needs of its surroundings. */
export interface EndContext {
  /** The process that has this end. */
  readonly clock: HostClock;
  /** Where it sends. */
  readonly out: SimulatedPipe;
  /** Its listener threw. */
  thrown(error: unknown): void;
  /** It is over. */
  ended(): void;
}

/** One end of a simulated connection: what its user holds. */
export class SimulatedEnd implements Connection {
  private readonly context: EndContext;
  private readonly guard: ListenerGuard;
  private closeTimer: Timer | undefined;

  /** @param listener Who dialled; undefined for the accepting end, which gets its listener by `accept`. */
  constructor(context: EndContext, listener: ConnectionListener | undefined) {
    const onThrown = (error: unknown): void => {
      context.thrown(error);
      closeAfterThrow(this);
    };
    this.context = context;
    this.guard = listener ? ListenerGuard.dialing(listener, onThrown) : ListenerGuard.accepted(onThrown);
  }

  /** Whether the listener has heard `closed`, or its process is dead. */
  get isOver(): boolean {
    return this.guard.phase === "closed" || !this.context.clock.isAlive;
  }

  get bufferedBytes(): number {
    return this.isOver ? 0 : this.context.out.bufferedBytes;
  }

  /** Asks a server who listens. */
  accept(handler: ConnectionHandler): void {
    this.guard.listen(handler, this);
  }

  send(packet: Uint8Array): void {
    if (this.guard.phase !== "open" || this.isOver) return;
    this.context.out.send({ kind: "message", message: packet.slice() });
  }

  close(code: number, reason: string): void {
    if (this.guard.phase === "dialing") this.abort();
    if (this.isOver || !this.guard.startClosing()) return;
    this.context.out.send({ kind: "close", code: toCloseCode(code), reason: cutReason(reason) });
    this.closeTimer = this.context.clock.setTimer(transportLimits.closeTimeoutMs, () => {
      this.dropOutgoing();
      this.end(ABNORMAL_CLOSURE, "the peer did not answer the closing");
    });
  }

  abort(): void {
    if (this.isOver || !this.guard.startAborting()) return;
    this.dropOutgoing();
    this.context.clock.defer(() => this.end(ABNORMAL_CLOSURE, ""));
  }

  /** The sender's buffer has shrunk. */
  drain(): void {
    this.guard.drain();
  }

  /** Something came from the other end. */
  receive(item: PipeItem): void {
    if (this.isOver) {
      if (item.kind !== "reset") this.context.out.sendReset();
    } else if (item.kind === "opened") this.guard.open();
    else if (item.kind === "message") this.guard.receive(item.message);
    else if (item.kind === "refused") this.end(ABNORMAL_CLOSURE, item.reason);
    else if (item.kind === "reset") this.end(ABNORMAL_CLOSURE, "the connection was reset");
    else if (item.kind === "close") this.answerClose(item.code, item.reason);
  }

  private answerClose(code: number, reason: string): void {
    if (this.guard.phase === "open") this.context.out.send({ kind: "close", code, reason });
    this.end(code, reason);
  }

  private dropOutgoing(): void {
    this.context.out.dropBuffer();
    this.context.out.sendReset();
  }

  private end(code: number, reason: string): void {
    this.closeTimer?.cancel();
    this.guard.close(code, reason);
    this.context.ended();
  }
}
