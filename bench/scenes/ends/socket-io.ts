import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type Socket } from "socket.io";
import { type Socket as ClientSocket, io } from "socket.io-client";

/** Messages sent before the loop gets a turn; socket.io itself never makes a sender wait. */
const BURST = 256;

/** Listens. @returns The server, and its port. */
export async function serveSocketIo(
  connected: (socket: Socket) => void,
): Promise<{ readonly server: Server; readonly port: number }> {
  const http = createServer();
  const server = new Server(http, { transports: ["websocket"], perMessageDeflate: false, maxHttpBufferSize: 1 << 28 });
  server.on("connection", connected);
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return { server, port: (http.address() as AddressInfo).port };
}

/** Connects. */
export async function openSocketIo(port: number): Promise<ClientSocket> {
  const socket = io(`http://127.0.0.1:${port}`, { transports: ["websocket"], forceNew: true });
  await new Promise<void>((resolve) => socket.on("connect", resolve));
  return socket;
}

/** Emits messages, with a turn of the loop now and then. */
export async function emitMany(count: number, emit: (index: number) => void): Promise<void> {
  for (let sent = 0; sent < count; sent += 1) {
    emit(sent);
    if (sent % BURST === BURST - 1) await new Promise((resolve) => setImmediate(resolve));
  }
}
