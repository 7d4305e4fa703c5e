import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, type ConnectRouter, createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createConnectTransport } from "@connectrpc/connect-node";

/** Serves some routes over HTTP/2 without TLS. @returns The port. */
export async function serveConnect(routes: (router: ConnectRouter) => void): Promise<number> {
  const server = createServer(connectNodeAdapter({ routes }));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** A client with binary payloads. */
export function dialConnect<T extends DescService>(service: T, port: number): Client<T> {
  const baseUrl = `http://127.0.0.1:${port}`;
  return createClient(service, createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: true }));
}
