/**
 * The seam between Moorline and sockets. A transport dials; what it gives is one connection, which carries whole binary
 * messages both ways, in order, until it is closed. Spec: TRANS.
 */
export interface Transport {
  /** The name in logs, for example `websocket`. */
  readonly name: string;
  /**
   * Starts to open a connection to `endpoint` and gives it back at once. The listener hears `opened` or `closed` later,
   * never from inside this call. Never throws for what the network does; a malformed endpoint is a `closed` with the
   * cause `failed`.
   */
  dial(endpoint: string, listener: ConnectionListener): Connection;
}

/**
 * One socket, or one stream that acts like one. Owned by exactly one user. No method calls the listener from inside: what
 * it has to hear comes later.
 */
export interface Connection {
  /** Bytes given to `send` that have not left for the network yet. */
  readonly bufferedBytes: number;
  /**
   * Sends one binary message. Never throws; on a connection that is not open, it is dropped. The bytes are never changed,
   * and must not be changed by the caller until they have left.
   */
  send(packet: Uint8Array): void;
  /**
   * Closes in an orderly way after what was sent has left: the peer sees `code` (1000, or 3000 to 4999) and `reason` (cut
   * to 123 bytes of UTF-8). The listener hears `closed` next, and at the latest 2 s later, also where the peer never
   * answers; then its code is 1006. Before the connection is open it is the same as `abort`. Closing twice does nothing.
   */
  close(code: number, reason: string): void;
  /**
   * Drops the connection at once, whatever is under way, an orderly closing included. The listener hears `closed` next,
   * with the code 1006.
   */
  abort(): void;
}

/** Who listens to a connection. What it throws is caught, reported to nobody, and closes the connection with 4100. */
export interface ConnectionListener {
  /** The connection can send now. Once, and first. Not called for one that a server accepted: it is open from the start. */
  opened(): void;
  /** A message came. A string is a text message, which Moorline's peers never send. The bytes are the listener's to keep. */
  received(message: Uint8Array | string): void;
  /** `bufferedBytes` has shrunk since something was sent. Called at least whenever it falls to 64 KiB or below. */
  drained(): void;
  /** The connection is over. Once, and last. */
  closed(close: ConnectionClose): void;
}

/**
 * What a server does with a connection that it has accepted: gives back who listens to it, before anything is received.
 * What it throws closes the connection with 4100.
 */
export type ConnectionHandler = (connection: Connection) => ConnectionListener;

/** How a connection ended. */
export interface ConnectionClose {
  /** The WebSocket close code, 1006 where there was none. */
  readonly code: number;
  /** The peer's reason, or what failed; for people. */
  readonly reason: string;
  /** `closed`: it was open before. `failed`: it never was. */
  readonly cause: "closed" | "failed";
}
