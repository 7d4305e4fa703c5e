import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createConnectTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { BenchService } from "../gen/moorbench/v1/bench_pb.ts";
import { benchClient } from "./connect-client.ts";
import type { Peer } from "./peer.ts";
import { routes } from "./service.ts";

/** connect-node over HTTP/2 without TLS, with the Connect protocol and binary payloads. */
export const connectNode: Peer = {
  name: "connect-node",
  async serve() {
    const server = createServer(connectNodeAdapter({ routes }));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  },
  async dial(port) {
    const baseUrl = `http://127.0.0.1:${port}`;
    const sessionManager = new Http2SessionManager(baseUrl);
    const base = { baseUrl, httpVersion: "2" as const, useBinaryFormat: true, sessionManager };
    const bench = createClient(BenchService, createConnectTransport(base));
    const interceptors = [(next: (request: never) => Promise<never>) => (request: never) => next(request)];
    const intercepted = createClient(
      BenchService,
      createConnectTransport({ ...base, interceptors: interceptors as never }),
    );
    return benchClient(bench, intercepted, () => sessionManager.abort());
  },
};
