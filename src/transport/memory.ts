import type { Clock } from "../core/clock.ts";
import { Queue } from "../core/queue.ts";
import { ABNORMAL_CLOSURE, cutReason, toCloseCode } from "./close.ts";
import type { Connection, ConnectionHandler, ConnectionListener, Transport } from "./connection.ts";
import { createFailedConnection } from "./failed-connection.ts";
import { closeAfterThrow, ListenerGuard } from "./listener-guard.ts";

/** Both sides of a transport inside one process: what one dials, the other accepts. */
export interface MemoryPair {
  /** The dialling side. Every endpoint that is a URL leads to the accepting side. */
  readonly transport: Transport;
  /** Accepts from now on with `handler`; `undefined` refuses from now on. Before the first call, dialling is refused. */
  accept(handler: ConnectionHandler | undefined): void;
}

/** A transport without a network, for clients and servers in one process. Messages arrive in the next turn of `clock`. */
export function createMemoryPair(clock: Clock): MemoryPair {
  let accepting: ConnectionHandler | undefined;
  const dial = (endpoint: string, listener: ConnectionListener): Connection => {
    if (!URL.canParse(endpoint)) return createFailedConnection(listener, `${endpoint} is no URL`, clock);
    const near = new MemoryConnection(clock, listener);
    clock.defer(() => {
      if (accepting === undefined) near.end(ABNORMAL_CLOSURE, "nobody accepts connections here");
      else near.join(accepting);
    });
    return near;
  };
  return {
    transport: { name: "memory", dial },
    accept(handler) {
      accepting = handler;
    },
  };
}

/** A message, or how the connection was closed. */
type Item = Uint8Array | { readonly code: number; readonly reason: string };

class MemoryConnection implements Connection {
  bufferedBytes = 0;
  private readonly clock: Clock;
  private readonly guard: ListenerGuard;
  private readonly outgoing = new Queue<Item>();
  private peer: MemoryConnection | undefined;

  constructor(clock: Clock, listener?: ConnectionListener) {
    const onThrown = (): void => closeAfterThrow(this);
    this.clock = clock;
    this.guard = listener ? ListenerGuard.dialing(listener, onThrown) : ListenerGuard.accepted(onThrown);
  }

  send(packet: Uint8Array): void {
    if (this.guard.phase !== "open") return;
    this.bufferedBytes += packet.length;
    this.put(packet.slice());
  }

  close(code: number, reason: string): void {
    if (this.guard.phase === "dialing") this.abort();
    else if (this.guard.startClosing()) this.put({ code: toCloseCode(code), reason: cutReason(reason) });
  }

  abort(): void {
    if (!this.guard.startAborting()) return;
    this.outgoing.clear();
    this.bufferedBytes = 0;
    this.clock.defer(() => this.end(ABNORMAL_CLOSURE, ""));
  }

  /** The dialled side meets the accepting one. */
  join(handler: ConnectionHandler): void {
    if (this.guard.phase !== "dialing") return;
    const far = new MemoryConnection(this.clock);
    this.peer = far;
    far.peer = this;
    far.guard.listen(handler, far);
    this.guard.open();
  }

  /** The connection is over on both sides; the other one hears it a turn later. */
  end(code: number, reason: string): void {
    if (this.guard.phase === "closed") return;
    this.guard.close(code, reason);
    const { peer } = this;
    if (peer !== undefined) this.clock.defer(() => peer.end(code, reason));
  }

  private put(item: Item): void {
    this.outgoing.push(item);
    this.clock.defer(() => this.deliver());
  }

  private deliver(): void {
    const item = this.outgoing.shift();
    if (item === undefined) return;
    if (item instanceof Uint8Array) {
      this.bufferedBytes -= item.length;
      this.peer?.guard.receive(item);
      this.guard.drain();
    } else {
      this.peer?.end(item.code, item.reason);
    }
  }
}
