import { once } from "node:events";
import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { createContextValues } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { createAttachRoutes } from "../../src/server/http/attach-stream.ts";
import { createExchange, exchangeKey, type RpcHandler } from "../../src/server/http/exchange.ts";
import type { SilentPeer, TransportHarness } from "../../src/testing/index.ts";
import type { ConnectionHandler, Transport } from "../../src/transport/connection.ts";
import { CLOSED_PORT } from "./socket-harness.ts";

const FLOOD_BYTES = 32 * 1024 * 1024;
/** An empty message, as gRPC frames it: the stream is open. */
const OPENING = Buffer.alloc(5);

/** An HTTP/2 server on loopback for a transport that dials it by gRPC, and beside it one that neither reads nor answers. */
export async function createGrpcHarness(transport: Transport): Promise<TransportHarness> {
  let accepting: ConnectionHandler | undefined;
  const routes = createAttachRoutes((connection) => (accepting as ConnectionHandler)(connection));
  const handler: RpcHandler = (request, response) => {
    const contextValues = () => createContextValues().set(exchangeKey, createExchange(request, response));
    connectNodeAdapter({ routes, contextValues })(request, response);
  };
  const server = await listen(createServer(handler));
  const silent = await createSilentPeer();
  return {
    transport,
    endpoint: server.endpoint,
    refusedEndpoint: `http://127.0.0.1:${CLOSED_PORT}`,
    accept(next) {
      accepting = next;
    },
    silent: silent.peer,
    async close() {
      await server.close();
      await silent.close();
    },
  };
}

async function createSilentPeer(): Promise<{ readonly peer: SilentPeer; readonly close: () => Promise<void> }> {
  const streams: ServerHttp2Stream[] = [];
  const server = createServer();
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    stream.respond({ ":status": 200, "content-type": "application/grpc+proto" });
    stream.write(OPENING);
    streams.push(stream);
  });
  const { endpoint, close } = await listen(server);
  const read = (): void => {
    for (const stream of streams) stream.resume();
  };
  return { peer: { endpoint, floodBytes: FLOOD_BYTES, read }, close };
}

async function listen(
  server: Http2Server,
): Promise<{ readonly endpoint: string; readonly close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  server.on("sessionError", () => {});
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    endpoint: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
