import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";

/** What may lie in a socket's buffer before the sender waits. */
export const HIGH_WATER_BYTES = 1 << 20;
/** Messages of one turn of the event loop, where they are corked. */
const TURN_MESSAGES = 256;

/** Listens. @returns The port. */
export async function serveSockets(connected: (socket: WebSocket) => void): Promise<number> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
  server.on("connection", connected);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Connects. Messages of any size are taken. */
export async function openSocket(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false, maxPayload: 1 << 28 });
  await once(socket, "open");
  return socket;
}

/** Waits where too much lies in the buffer of a socket. */
export async function drained(socket: WebSocket): Promise<void> {
  while (socket.bufferedAmount >= HIGH_WATER_BYTES) await new Promise((resolve) => setImmediate(resolve));
}

/** Sends messages one by one. */
export async function sendEach(socket: WebSocket, count: number, create: (index: number) => string): Promise<void> {
  for (let sent = 0; sent < count; sent += 1) {
    if (socket.bufferedAmount < HIGH_WATER_BYTES) socket.send(create(sent));
    else await new Promise<void>((resolve) => socket.send(create(sent), () => resolve()));
  }
}

/** Sends messages turn by turn, each turn in one write. */
export async function sendCorked(socket: WebSocket, count: number, create: (index: number) => string): Promise<void> {
  for (let sent = 0; sent < count; ) {
    const end = Math.min(count, sent + TURN_MESSAGES);
    corked(socket, () => {
      for (; sent < end; sent += 1) socket.send(create(sent));
    });
    await drained(socket);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Sends what `send` does in one write. */
export function corked(socket: WebSocket, send: () => void): void {
  const stream = (socket as unknown as { readonly _socket: Duplex })._socket;
  stream.cork();
  send();
  stream.uncork();
}
