import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import { type Peer, type PeerClient, payloadOf } from "./peer.ts";

/** What may lie in a socket's buffer before the sender waits. */
const HIGH_WATER_BYTES = 1 << 20;

/** Sends messages one by one, and waits only where the socket's buffer is full. */
async function sendMany(socket: WebSocket, count: number, size: number): Promise<void> {
  const payload = payloadOf(size);
  for (let sent = 0; sent < count; sent += 1) {
    if (socket.bufferedAmount < HIGH_WATER_BYTES) socket.send(payload);
    else await new Promise<void>((resolve) => socket.send(payload, () => resolve()));
  }
}

/** Commands are text, `down COUNT SIZE` or `up COUNT`; everything binary is a payload. */
function serveSocket(socket: WebSocket): void {
  let expected = 0;
  socket.on("message", (data: Buffer, isBinary) => {
    if (!isBinary) {
      const [command, count, size] = data.toString().split(" ");
      if (command === "down") void sendMany(socket, Number(count), Number(size));
      else expected = Number(count);
    } else if (expected === 0) socket.send(data);
    else {
      expected -= 1;
      if (expected === 0) socket.send("done");
    }
  });
}

/** `ws` with one binary message per item, and no protocol at all: what everything is divided by. */
export const rawWs: Peer = {
  name: "raw ws",
  async serve() {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
    server.on("connection", serveSocket);
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  },
  async dial(port): Promise<PeerClient> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    await once(socket, "open");
    const waiting: Array<() => void> = [];
    let left = 0;
    let done = (): void => {};
    socket.on("message", (_data, isBinary) => {
      if (left > 0) {
        left -= 1;
        if (left === 0) done();
      } else if (isBinary) waiting.shift()?.();
      else done();
    });
    const exchange = (payload: Uint8Array): Promise<void> =>
      new Promise((resolve) => {
        waiting.push(resolve);
        socket.send(payload);
      });
    return {
      down(count, size) {
        left = count;
        socket.send(`down ${count} ${size}`);
        return new Promise((resolve) => {
          done = resolve;
        });
      },
      async up(count, size) {
        const finished = new Promise<void>((resolve) => {
          done = resolve;
        });
        socket.send(`up ${count}`);
        await sendMany(socket, count, size);
        await finished;
      },
      chat: async () => exchange,
      unary: exchange,
      close: () => socket.terminate(),
    };
  },
};
