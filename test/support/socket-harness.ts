import { createHash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { SilentPeer, TransportHarness } from "../../src/testing/index.ts";
import type { ConnectionHandler, Transport } from "../../src/transport/connection.ts";
import { createWebSocketAcceptor } from "../../src/transport/ws-server.ts";

/** Nobody listens there: it is for the administrator alone, and of no service. One of the free ones is anybody's at once. */
export const CLOSED_PORT = 2;
const FLOOD_BYTES = 32 * 1024 * 1024;

/** A WebSocket server on loopback for a transport that dials it, and beside it a peer that neither reads nor answers. */
export async function createSocketHarness(transport: Transport): Promise<TransportHarness> {
  let accepting: ConnectionHandler | undefined;
  const sockets = new Set<Duplex>();
  const acceptor = createWebSocketAcceptor({
    onConnection: (connection) => (accepting as ConnectionHandler)(connection),
  });
  const server = createServer();
  server.on("connection", (socket) => sockets.add(socket));
  const silent = createSilentPeer();
  server.on("upgrade", (request, socket, head) => {
    if (request.url === "/silent") silent.upgrade(request, socket);
    else acceptor.handleUpgrade(request, socket, head);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    transport,
    endpoint: origin,
    refusedEndpoint: `ws://127.0.0.1:${CLOSED_PORT}`,
    accept(handler) {
      accepting = handler;
    },
    sendText: (text) => lastSocketOf(sockets).write(encodeTextFrame(text)),
    silent: { ...silent.peer, endpoint: `${origin}/silent` },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface SilentServer {
  readonly peer: Omit<SilentPeer, "endpoint">;
  upgrade(request: IncomingMessage, socket: Duplex): void;
}

function createSilentPeer(): SilentServer {
  const upgraded: Duplex[] = [];
  return {
    peer: {
      floodBytes: FLOOD_BYTES,
      read() {
        for (const socket of upgraded) socket.resume();
      },
    },
    upgrade(request, socket) {
      socket.on("error", () => socket.destroy());
      socket.pause();
      socket.write(acceptUpgrade(request));
      upgraded.push(socket);
    },
  };
}

function acceptUpgrade(request: IncomingMessage): string {
  const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const head = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${createHash("sha1").update(key).digest("base64")}`,
    "Sec-WebSocket-Protocol: moorline.session.v1",
  ];
  return `${head.join("\r\n")}\r\n\r\n`;
}

function lastSocketOf(sockets: ReadonlySet<Duplex>): Duplex {
  const last = [...sockets].at(-1);
  if (last === undefined) throw new Error("no connection was accepted");
  return last;
}

function encodeTextFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.of(0x81, payload.length), payload]);
}
