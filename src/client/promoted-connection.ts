import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import type { Clock } from "../core/clock.ts";
import { ABNORMAL_CLOSURE } from "../transport/close.ts";
import type { Connection, ConnectionClose, ConnectionListener } from "../transport/connection.ts";
import { closeAfterThrow, ListenerGuard } from "../transport/listener-guard.ts";
import { GreetingScreen } from "./greeting-screen.ts";

/** `offered`: not there yet. `unused`: nobody has asked for it. `used`: it has an owner. `over`: it is of no use any more. */
type Phase = "offered" | "unused" | "used" | "over";

/**
 * A connection that a probe has opened, as its next owner sees it: it counts as being dialled until the owner is told, a turn
 * later, that it is open. Spec: PROBE-11, PROBE-12, TRANS.
 */
export class PromotedConnection implements Connection, ConnectionListener {
  private readonly clock: Clock;
  private readonly screen = new GreetingScreen();
  private phase: Phase = "offered";
  private inner: Connection | undefined = undefined;
  private guard: ListenerGuard | undefined = undefined;
  /** What came before the owner was told that the connection is open. */
  private early: readonly (Uint8Array | string)[] = [];

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get bufferedBytes(): number {
    return this.inner?.bufferedBytes ?? 0;
  }

  /** The probe hands its connection over. */
  give(inner: Connection): void {
    this.inner = inner;
    if (this.phase === "offered") this.phase = "unused";
    else if (this.phase === "over") inner.close(CloseCode.CONNECTION_DONE, UNUSED);
    else if (this.guard?.phase === "aborting") inner.abort();
  }

  /** Closes the connection, unless somebody uses it. */
  discard(): void {
    if (this.phase === "unused") this.inner?.close(CloseCode.CONNECTION_DONE, UNUSED);
    if (this.phase !== "used") this.phase = "over";
  }

  /** Gives the connection to an owner, who hears `opened` or `closed` later. @returns Whether there was one to give. */
  use(listener: ConnectionListener): boolean {
    if (this.phase === "used" || this.phase === "over") return false;
    this.phase = "used";
    const guard = ListenerGuard.dialing(listener, () => closeAfterThrow(this));
    this.guard = guard;
    this.clock.defer(() => this.open(guard));
    return true;
  }

  send(packet: Uint8Array): void {
    if (this.guard?.phase === "open") this.inner?.send(packet);
  }

  close(code: number, reason: string): void {
    if (this.guard?.phase === "dialing") this.abort();
    else if (this.guard?.startClosing() === true) this.inner?.close(code, reason);
  }

  abort(): void {
    if (this.guard?.startAborting() === true) this.inner?.abort();
  }

  opened(): void {}

  received(message: Uint8Array | string): void {
    const { guard } = this;
    if (guard?.phase !== "open") this.keep(message);
    else if (this.screen.isDone) guard.receive(message);
    else for (const admitted of this.screen.admit(message)) guard.receive(admitted);
  }

  drained(): void {
    this.guard?.drain();
  }

  closed({ code, reason }: ConnectionClose): void {
    this.inner = undefined;
    if (this.phase === "unused") this.phase = "over";
    this.guard?.close(code, reason);
  }

  private open(guard: ListenerGuard): void {
    // It was taken back meanwhile, or never came.
    if (this.inner === undefined) guard.close(ABNORMAL_CLOSURE, "the connection of the probe is gone");
    guard.open();
    for (const message of this.early) guard.receive(message);
    this.early = [];
  }

  /** Nothing but a farewell can be of use so early, and nothing after it. */
  private keep(message: Uint8Array | string): void {
    if (this.early.length === 0 && !this.screen.isDone) this.early = this.screen.admit(message);
  }
}

const UNUSED = "the probe is done";
