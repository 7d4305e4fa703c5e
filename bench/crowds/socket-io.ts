import type { WebSocket } from "ws";
import { WebSocketMember } from "./web-socket.ts";

/** A connection of socket.io: the few texts of its protocol that an idle client says and hears. */
export class SocketIoMember extends WebSocketMember {
  /** @param port Where the server listens. */
  constructor(port: number) {
    super(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`);
  }

  protected override opened(): void {
    // The server speaks first.
  }

  protected override received(data: Buffer, socket: WebSocket, done: () => void): void {
    const text = data.toString();
    if (text.startsWith("0")) socket.send("40");
    else if (text.startsWith("40")) done();
    else if (text === "2") socket.send("3");
  }
}
