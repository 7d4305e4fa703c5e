/** A way to carry messages between two processes, measured like every other. */
export interface Peer {
  /** The name in the tables. */
  readonly name: string;
  /** Starts a server on the loopback interface. @returns Its port. */
  serve(): Promise<number>;
  /** Connects to a server of the same peer. */
  dial(port: number): Promise<PeerClient>;
}

/** A connected client. */
export interface PeerClient {
  /** Has the server send `count` messages of `size` bytes; resolves when the last one has come. */
  down(count: number, size: number): Promise<void>;
  /** Sends `count` messages of `size` bytes; resolves when the server has said that all came. */
  up(count: number, size: number): Promise<void>;
  /** Opens a conversation in which each message is answered by the same one. */
  chat(): Promise<(payload: Uint8Array) => Promise<void>>;
  /** One request and its answer, with the same payload. */
  unary(payload: Uint8Array): Promise<void>;
  /** The same with a deadline and one interceptor, where the peer has such things. */
  unaryWithDeadline?(payload: Uint8Array): Promise<void>;
  /** Loses the connection and recovers. @returns Microseconds from the dialling of the retry to the first message. */
  recover?(): Promise<number>;
  /** Disconnects. */
  close(): void;
}

/** A payload of `size` bytes. */
export function payloadOf(size: number): Uint8Array {
  return new Uint8Array(size).fill(7);
}
