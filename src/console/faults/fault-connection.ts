import type { Clock, Connection, ConnectionListener, Timer, Transport } from "../../client/index.ts";
import { ABNORMAL_CLOSURE } from "../../transport/close.ts";
import { transportLimits } from "../../transport/limits.ts";
import { closeAfterThrow, ListenerGuard } from "../../transport/listener-guard.ts";
import { type Gate, Lane } from "./lane.ts";

/** Which way a packet went. */
export type PacketDirection = "sent" | "received";

/** Hears of every packet, as the client sends or gets it. The bytes are not to be changed. */
export type PacketTap = (direction: PacketDirection, packet: Uint8Array) => void;

/** What a {@link FaultConnection} is made of. */
export interface FaultConnectionParts {
  readonly clock: Clock;
  readonly inner: Transport;
  readonly gate: () => Gate;
  readonly onPacket: PacketTap;
  /** The connection is over. */
  readonly onEnd: (connection: FaultConnection) => void;
}

/** A connection with a fault in between. To its user it is one like any other; what is not let through simply is not there. */
export class FaultConnection implements Connection {
  private readonly parts: FaultConnectionParts;
  private readonly guard: ListenerGuard;
  private readonly outgoing: Lane;
  private readonly incoming: Lane;
  /** Undefined while its dialling is held back. */
  private socket: Connection | undefined;
  private traffic: "passing" | "stalled" = "passing";
  private closing: Timer | undefined;

  constructor(parts: FaultConnectionParts, endpoint: string, listener: ConnectionListener) {
    this.parts = parts;
    this.guard = ListenerGuard.dialing(listener, () => closeAfterThrow(this));
    this.outgoing = new Lane(parts.clock, parts.gate, () => this.guard.drain());
    this.incoming = new Lane(parts.clock, parts.gate);
    this.outgoing.push(() => {
      this.socket = parts.inner.dial(endpoint, this.createListener());
    });
  }

  /** Whether nothing goes through it any more. */
  get isStalled(): boolean {
    return this.traffic === "stalled";
  }

  get bufferedBytes(): number {
    return this.outgoing.heldBytes + (this.isStalled ? 0 : (this.socket?.bufferedBytes ?? 0));
  }

  send(packet: Uint8Array): void {
    if (this.guard.phase !== "open") return;
    this.parts.onPacket("sent", packet);
    if (this.isStalled) return;
    this.outgoing.push(() => this.socket?.send(packet), packet.length);
  }

  close(code: number, reason: string): void {
    if (this.guard.phase === "dialing") this.abort();
    if (!this.guard.startClosing()) return;
    const giveUp = (): void => this.drop("the peer did not answer the closing");
    this.closing = this.parts.clock.setTimer(transportLimits.closeTimeoutMs, giveUp);
    if (!this.isStalled) this.outgoing.push(() => this.socket?.close(code, reason));
  }

  abort(): void {
    if (!this.guard.startAborting()) return;
    this.letGo();
    this.parts.clock.defer(() => this.end(ABNORMAL_CLOSURE, ""));
  }

  /** Cuts it: both ends lose it at once. */
  cut(reason: string): void {
    this.letGo();
    this.parts.clock.defer(() => this.end(ABNORMAL_CLOSURE, reason));
  }

  /** Nothing goes through either way from now on, and nobody is told. */
  stall(): void {
    this.traffic = "stalled";
    this.outgoing.clear();
    this.incoming.clear();
  }

  /** The gate is another one. */
  gateChanged(): void {
    this.outgoing.gateChanged();
    this.incoming.gateChanged();
  }

  private createListener(): ConnectionListener {
    const pass = (run: () => void): void => {
      if (!this.isStalled) this.incoming.push(run);
    };
    return {
      opened: () => pass(() => this.guard.open()),
      received: (message) => pass(() => this.receive(message)),
      drained: () => {
        if (!this.isStalled) this.guard.drain();
      },
      closed: ({ code, reason }) => pass(() => this.end(code, reason)),
    };
  }

  private receive(message: Uint8Array | string): void {
    if (typeof message !== "string" && this.guard.phase === "open") this.parts.onPacket("received", message);
    this.guard.receive(message);
  }

  private drop(reason: string): void {
    this.letGo();
    this.end(ABNORMAL_CLOSURE, reason);
  }

  /** Leaves the socket under it, whatever that still says. */
  private letGo(): void {
    this.outgoing.clear();
    this.incoming.clear();
    this.traffic = "stalled";
    this.socket?.abort();
  }

  private end(code: number, reason: string): void {
    this.closing?.cancel();
    this.guard.close(code, reason);
    this.parts.onEnd(this);
  }
}
