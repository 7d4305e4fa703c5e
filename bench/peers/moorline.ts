import { createDaemonClient, createSessionKey } from "moorline";
import { createWsTransport } from "moorline/node";
import { createDaemonServer, createIdentity } from "moorline/server";
import { BenchService } from "../gen/moorbench/v1/bench_pb.ts";
import { benchClient } from "./connect-client.ts";
import type { Peer } from "./peer.ts";
import { routes } from "./service.ts";

/** Moorline over `ws`, with everything on: acknowledgements, replay, credit, heartbeats and the transition log. */
export const moorline: Peer = {
  name: "moorline",
  async serve() {
    const identity = createIdentity({ name: "bench", version: "1.0.0" });
    const server = createDaemonServer({ identity, routes, insecureNoAuth: true, onTransition: () => {} });
    const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
    return port;
  },
  async dial(port) {
    const options = {
      endpoint: `ws://127.0.0.1:${port}`,
      client: { name: "bench", version: "1.0.0" },
      transport: createWsTransport(),
      onTransition: () => {},
    };
    const client = createDaemonClient({ ...options, sessionKey: createSessionKey() });
    const intercepted = createDaemonClient({
      ...options,
      sessionKey: createSessionKey(),
      interceptors: [(next) => (request) => next(request)],
    });
    await Promise.all([client.ensureConnected(), intercepted.ensureConnected()]);
    return benchClient(client.service(BenchService), intercepted.service(BenchService), () => {
      client.dispose();
      intercepted.dispose();
    });
  },
};
