import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import {
  decodeClientPacket,
  encodeServerPacket,
  type ServerPacketBody,
} from "../../gen/moorline/session/v1/packet_moorline.ts";
import { type ServerHello, ServerHelloSchema } from "../../gen/moorline/session/v1/packet_pb.ts";
import { type DescribeResponse, DescribeResponseSchema } from "../../gen/moorline/session/v1/service_pb.ts";
import { createIdentity } from "../../src/server/identity.ts";
import type { Connection } from "../../src/transport/connection.ts";
import { createWebSocketAcceptor } from "../../src/transport/ws-server.ts";
import { serverIdOf } from "../../src/wire/server-id.ts";

/** Something that listens on loopback and is no daemon, or a bad one. */
export interface Fake {
  readonly port: number;
  close(): void;
}

/** A TCP server that does this with each connection. */
export async function fakeTcp(serve: (socket: Socket) => void): Promise<Fake> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    serve(socket);
  });
  return listening(server, sockets);
}

/** An HTTP server of another kind. It refuses upgrades with the same answer. */
export async function fakeHttp(serve: (request: IncomingMessage, response: ServerResponse) => void): Promise<Fake> {
  return listening(createHttpServer(serve), new Set());
}

/** A proxy that says of itself that it is one, and adds nothing else. It passes no upgrades on, as many do. */
export function fakeProxy(target: number): Promise<Fake> {
  return fakeHttp((asked, response) => {
    const { connection: _connection, upgrade: _upgrade, ...passedOn } = asked.headers;
    const headers = { ...passedOn, host: `127.0.0.1:${target}`, "x-forwarded-for": "203.0.113.7" };
    const passed = request({ port: target, host: "127.0.0.1", method: asked.method, path: asked.url, headers });
    passed.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.writeHead(502).end());
    asked.pipe(passed);
  });
}

/** What a bad daemon does with what comes on a connection. @returns What it says. Undefined: nothing. */
export type BadAnswer = (packet: ReturnType<typeof decodeClientPacket>["body"]) => Uint8Array | string | undefined;

/** A daemon that describes itself, and then answers in this way on connections. */
export async function fakeDaemon(answer: BadAnswer, description: DescribeResponse = describe()): Promise<Fake> {
  const server = createHttpServer((_request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(toJsonString(DescribeResponseSchema, description));
  });
  const acceptor = createWebSocketAcceptor({
    onConnection: (connection: Connection) => ({
      opened() {},
      received(message) {
        const said = answer(decodeClientPacket(message as Uint8Array).body);
        if (said !== undefined) connection.send(said as Uint8Array);
      },
      drained() {},
      closed() {},
    }),
  });
  server.on("upgrade", (request, socket, head) => acceptor.handleUpgrade(request, socket, head));
  return listening(server, new Set());
}

/** How a daemon describes itself, with what is to be different. */
export function describe(changes: { readonly protocol?: { min: number; max: number }; serverId?: string } = {}) {
  const { publicKey } = createIdentity({ name: "fake", version: "1" });
  const { protocol = { min: 1, max: 1 }, serverId = serverIdOf(publicKey) } = changes;
  const server = { serverId, name: "fake", version: "1" };
  return create(DescribeResponseSchema, { server, identityKey: publicKey, protocol });
}

/** A packet of a daemon. */
export function packet(body: ServerPacketBody): Uint8Array {
  return encodeServerPacket({ received: 0, body, unknown: undefined });
}

/** An answer to a hello. */
export function helloAnswer(answer: ServerHello["answer"]): Uint8Array {
  return packet({ case: "hello", value: toBinary(ServerHelloSchema, create(ServerHelloSchema, { answer })) });
}

async function listening(server: Server, sockets: ReadonlySet<Socket>): Promise<Fake> {
  const open = new Set<Socket>(sockets);
  server.on("connection", (socket: Socket) => open.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}
