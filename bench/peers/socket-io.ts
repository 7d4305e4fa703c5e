import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type Socket } from "socket.io";
import { io } from "socket.io-client";
import { type Peer, payloadOf } from "./peer.ts";

/** Messages sent before the loop gets a turn; socket.io itself never makes a sender wait. */
const BURST = 256;

async function emitMany(emit: (payload: Uint8Array) => void, count: number, size: number): Promise<void> {
  const payload = payloadOf(size);
  for (let sent = 0; sent < count; sent += 1) {
    emit(payload);
    if (sent % BURST === BURST - 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

function serveSocket(socket: Socket): void {
  socket.on("down", ({ count, size }) => void emitMany((payload) => socket.emit("item", payload), count, size));
  socket.on("up", (count: number, done: () => void) => {
    let left = count;
    const take = (): void => {
      left -= 1;
      if (left > 0) return;
      socket.off("item", take);
      done();
    };
    socket.on("item", take);
  });
  socket.on("chat", (payload: Buffer) => socket.emit("chat", payload));
  socket.on("unary", (payload: Buffer, answer: (payload: Buffer) => void) => answer(payload));
}

/** socket.io 4 over WebSocket alone, with its acknowledgements as unary calls. */
export const socketIo: Peer = {
  name: "socket.io",
  async serve() {
    const http = createServer();
    new Server(http, { transports: ["websocket"], perMessageDeflate: false, maxHttpBufferSize: 1 << 24 }).on(
      "connection",
      serveSocket,
    );
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    return (http.address() as AddressInfo).port;
  },
  async dial(port) {
    const socket = io(`http://127.0.0.1:${port}`, { transports: ["websocket"], forceNew: true });
    await new Promise<void>((resolve) => socket.on("connect", resolve));
    const chats: Array<() => void> = [];
    socket.on("chat", () => chats.shift()?.());
    return {
      down(count, size) {
        return new Promise((resolve) => {
          let left = count;
          socket.on("item", function take() {
            left -= 1;
            if (left > 0) return;
            socket.off("item", take);
            resolve();
          });
          socket.emit("down", { count, size });
        });
      },
      async up(count, size) {
        const finished = new Promise<void>((resolve) => socket.emit("up", count, resolve));
        await emitMany((payload) => socket.emit("item", payload), count, size);
        await finished;
      },
      chat: async () => (payload) =>
        new Promise((resolve) => {
          chats.push(resolve);
          socket.emit("chat", payload);
        }),
      unary: (payload) => new Promise((resolve) => socket.emit("unary", payload, () => resolve())),
      close: () => void socket.disconnect(),
    };
  },
};
