import { createDaemonClient, createSessionKey } from "moorline";
import { createWsTransport } from "moorline/node";
import { createDaemonServer, createIdentity } from "moorline/server";
import { BenchService } from "../gen/moorbench/v1/bench_pb.ts";
import { benchClient } from "./connect-client.ts";
import { recover } from "./moorline-recovery.ts";
import type { Peer } from "./peer.ts";
import { routes } from "./service.ts";

/** The limits of sessions and connections are raised so far: one process has many of them here. */
const MOST_SESSIONS = 20_000;

/** Moorline over `ws`, with everything on: acknowledgements, replay, credit, heartbeats and the transition log. */
export const moorline: Peer = {
  name: "moorline",
  async serve() {
    const identity = createIdentity({ name: "bench", version: "1.0.0" });
    const limits = { session: { maxSessions: MOST_SESSIONS }, connections: { maxOpen: MOST_SESSIONS } };
    const logger = { warn: () => {}, error: console.error };
    const server = createDaemonServer({
      identity,
      routes,
      insecureNoAuth: true,
      limits,
      logger,
      onTransition: () => {},
    });
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
    const close = (): void => {
      client.dispose();
      intercepted.dispose();
    };
    return {
      ...benchClient(client.service(BenchService), intercepted.service(BenchService), close),
      recover: () => recover(port),
    };
  },
};
