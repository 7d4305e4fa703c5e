import { WebSocket } from "ws";
import { cutReason, toCloseCode } from "./close.ts";
import type { Connection, ConnectionHandler, ConnectionListener } from "./connection.ts";
import { closeAfterThrow, ListenerGuard } from "./listener-guard.ts";

/** What is not worth a callback when it is sent. */
const MAX_SMALL_BYTES = 4 * 1024;

/** A socket of the `ws` package as a {@link Connection}, dialled or accepted. */
export class WsConnection implements Connection {
  /** What went wrong last; for people. */
  failure = "";
  private readonly socket: WebSocket;
  private readonly guard: ListenerGuard;
  private readonly onSent = (): void => this.guard.drain();

  private constructor(socket: WebSocket, listener: ConnectionListener | undefined) {
    const onThrown = (): void => closeAfterThrow(this);
    this.socket = socket;
    this.guard = listener ? ListenerGuard.dialing(listener, onThrown) : ListenerGuard.accepted(onThrown);
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      this.guard.receive(isBinary ? toBytes(data) : data.toString());
    });
    socket.on("error", (error) => {
      this.failure ||= error.message;
    });
    socket.on("close", (code, reason) => this.guard.close(code, reason.toString() || this.failure));
  }

  /** A connection over a socket that was just dialled. */
  static dialed(socket: WebSocket, listener: ConnectionListener): WsConnection {
    const connection = new WsConnection(socket, listener);
    socket.on("open", () => connection.guard.open());
    return connection;
  }

  /** A connection over a socket that a server has just accepted. */
  static accepted(socket: WebSocket, handler: ConnectionHandler): WsConnection {
    const connection = new WsConnection(socket, undefined);
    connection.guard.listen(handler, connection);
    return connection;
  }

  get bufferedBytes(): number {
    return this.socket.bufferedAmount;
  }

  send(packet: Uint8Array): void {
    const { socket, guard, onSent } = this;
    if (guard.phase !== "open" || socket.readyState !== WebSocket.OPEN) return;
    if (packet.length > MAX_SMALL_BYTES || socket.bufferedAmount > 0) {
      socket.send(packet, onSent);
      return;
    }
    // Nearly always a small packet leaves at once. To be told of it would cost another turn for each one.
    socket.send(packet);
    // A pong that nobody has asked for means nothing; it is told of when it has left, and what lies before it.
    if (socket.bufferedAmount > 0) socket.pong(onSent);
  }

  close(code: number, reason: string): void {
    if (this.guard.phase === "dialing") this.abort();
    else if (this.guard.startClosing()) this.socket.close(toCloseCode(code), cutReason(reason));
  }

  abort(): void {
    if (this.guard.startAborting()) this.socket.terminate();
  }
}

/** A plain view, because a Buffer's `slice` does not copy. */
function toBytes(data: Buffer): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
