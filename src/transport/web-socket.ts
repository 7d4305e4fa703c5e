import type { Clock, Timer } from "../core/clock.ts";
import { ABNORMAL_CLOSURE, cutReason, toCloseCode } from "./close.ts";
import type { Connection, ConnectionListener, Transport } from "./connection.ts";
import { createFailedConnection } from "./failed-connection.ts";
import { SUBPROTOCOL, transportLimits } from "./limits.ts";
import { closeAfterThrow, ListenerGuard } from "./listener-guard.ts";
import { systemClock } from "./system-clock.ts";

/** What the transport uses of a WebSocket. */
export interface PlatformWebSocket {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

/** Options of {@link createWebSocketTransport}. */
export interface WebSocketTransportOptions {
  /** The WebSocket constructor. Default: the platform's, looked up when dialling. */
  readonly WebSocket?: new (
    endpoint: string,
    subprotocol: string,
  ) => PlatformWebSocket;
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

/**
 * A transport over the platform's WebSocket: every browser, Node from 22 on. How long opening may take is the caller's
 * business: it aborts. The platform cannot drop a socket: after `abort`, it closes it by itself in the background.
 */
export function createWebSocketTransport(options: WebSocketTransportOptions = {}): Transport {
  const clock = options.clock ?? systemClock;
  const dial = (endpoint: string, listener: ConnectionListener): Connection => {
    try {
      const Socket = options.WebSocket ?? WebSocket;
      return new WebSocketConnection(new Socket(endpoint, SUBPROTOCOL), listener, clock);
    } catch (error) {
      return createFailedConnection(listener, error instanceof Error ? error.message : String(error), clock);
    }
  };
  return { name: "websocket", dial };
}

const OPEN = 1;
const NO_DETAILS = "the connection could not be opened; the platform does not say why";

class WebSocketConnection implements Connection {
  private readonly socket: PlatformWebSocket;
  private readonly guard: ListenerGuard;
  private readonly clock: Clock;
  /** The buffer is looked at again when it fires, or else the closing has taken too long. */
  private timer: Timer | undefined;
  /** What was in the buffer when it was last looked at. */
  private seenBytes = 0;
  private failure = "";

  constructor(socket: PlatformWebSocket, listener: ConnectionListener, clock: Clock) {
    this.socket = socket;
    this.clock = clock;
    this.guard = ListenerGuard.dialing(listener, () => closeAfterThrow(this));
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.guard.open();
    socket.onmessage = ({ data }: { readonly data: ArrayBuffer | string }) => {
      this.guard.receive(typeof data === "string" ? data : new Uint8Array(data));
      if (this.seenBytes > 0) this.lookAtBuffer();
    };
    socket.onerror = (event: { readonly message?: string }) => {
      this.failure ||= event.message ?? "";
    };
    socket.onclose = ({ code, reason }: { readonly code: number; readonly reason: string }) =>
      this.end(code, reason || this.failure);
  }

  get bufferedBytes(): number {
    return this.guard.phase === "closed" ? 0 : this.socket.bufferedAmount;
  }

  send(packet: Uint8Array): void {
    if (this.guard.phase !== "open" || this.socket.readyState !== OPEN) return;
    this.socket.send(packet as Uint8Array<ArrayBuffer>);
    this.seenBytes = this.socket.bufferedAmount;
    if (this.seenBytes > 0) this.timer ??= this.clock.setTimer(transportLimits.pollMs, () => this.poll());
  }

  close(code: number, reason: string): void {
    if (this.guard.phase === "dialing") this.abort();
    if (!this.guard.startClosing()) return;
    this.timer?.cancel();
    const giveUp = (): void => this.end(ABNORMAL_CLOSURE, "the peer did not answer the closing");
    this.timer = this.clock.setTimer(transportLimits.closeTimeoutMs, giveUp);
    this.socket.close(toCloseCode(code), cutReason(reason));
  }

  abort(): void {
    if (!this.guard.startAborting()) return;
    this.timer?.cancel();
    this.ignoreSocket();
    this.socket.close();
    this.clock.defer(() => this.end(ABNORMAL_CLOSURE, ""));
  }

  private poll(): void {
    this.timer = undefined;
    this.lookAtBuffer();
    if (this.seenBytes > 0) this.timer ??= this.clock.setTimer(transportLimits.pollMs, () => this.poll());
  }

  private lookAtBuffer(): void {
    const before = this.seenBytes;
    this.seenBytes = this.socket.bufferedAmount;
    if (this.seenBytes < before) this.guard.drain();
  }

  private end(code: number, reason: string): void {
    this.timer?.cancel();
    this.ignoreSocket();
    this.guard.close(code, reason || (this.guard.phase === "dialing" ? NO_DETAILS : ""));
  }

  private ignoreSocket(): void {
    const { socket } = this;
    socket.onopen = socket.onmessage = socket.onerror = socket.onclose = null;
  }
}
