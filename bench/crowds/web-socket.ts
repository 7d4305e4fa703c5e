import { once } from "node:events";
import { WebSocket } from "ws";
import type { Member } from "./crowd.ts";

/** A connection over `ws`. What it says and hears beside that is for those that extend it. */
export class WebSocketMember implements Member {
  private readonly url: string;
  private readonly protocols: string[];
  private socket: WebSocket | undefined;

  /** @param url Where it connects to. @param protocols The subprotocols that it offers. */
  constructor(url: string, protocols: string[] = []) {
    this.url = url;
    this.protocols = protocols;
  }

  async connect(): Promise<void> {
    const socket = new WebSocket(this.url, this.protocols, { perMessageDeflate: false });
    this.socket = socket;
    await new Promise<void>((resolve, reject) => {
      socket.on("error", reject);
      socket.on("close", (code) => reject(new Error(`closed with ${code}`)));
      socket.on("message", (data: Buffer) => this.received(data, socket, resolve));
      socket.on("open", () => this.opened(socket, resolve));
    });
  }

  async cut(): Promise<void> {
    const { socket } = this;
    if (socket === undefined || socket.readyState === WebSocket.CLOSED) return;
    const closed = once(socket, "close");
    socket.terminate();
    await closed;
  }

  /** The connection is open. @param done To be called as soon as the server has taken it in. */
  protected opened(_socket: WebSocket, done: () => void): void {
    done();
  }

  /** A message came. */
  protected received(_data: Buffer, _socket: WebSocket, _done: () => void): void {}
}
