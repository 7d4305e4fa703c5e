import type { ConnectionClose, ConnectionListener } from "../transport/connection.ts";

/** A listener that keeps what it hears, and does more where it is told to. */
export class ConnectionRecorder implements ConnectionListener {
  /** What was called, in order. */
  readonly calls: Array<keyof ConnectionListener> = [];
  /** The messages. */
  readonly messages: Array<Uint8Array | string> = [];
  /** How the connection ended; at most one where the transport does right. */
  readonly closes: ConnectionClose[] = [];
  private readonly more: Partial<ConnectionListener>;

  /** @param more What else to do when something is heard. May throw. Default: nothing. */
  constructor(more: Partial<ConnectionListener> = {}) {
    this.more = more;
  }

  /** Whether it has heard `name`. */
  has(name: keyof ConnectionListener): boolean {
    return this.calls.includes(name);
  }

  opened(): void {
    this.calls.push("opened");
    this.more.opened?.();
  }

  received(message: Uint8Array | string): void {
    this.calls.push("received");
    this.messages.push(message);
    this.more.received?.(message);
  }

  drained(): void {
    this.calls.push("drained");
    this.more.drained?.();
  }

  closed(close: ConnectionClose): void {
    this.calls.push("closed");
    this.closes.push(close);
    this.more.closed?.(close);
  }
}
