import { afterEach, describe, expect, it } from "vitest";
import { createDaemonClient, createSessionKey, createWebSocketTransport } from "../../src/client/index.ts";
import { createProbe, type Probe, probedServerOf, roundTripsOf } from "../../src/probe/index.ts";
import { createDaemonServer, createIdentity, type DaemonServer } from "../../src/server/index.ts";
import { createWsTransport } from "../../src/transport/ws-client.ts";
import { EchoService } from "../unit/rpc/gen/rpctest/v1/echo_pb.ts";

const servers: DaemonServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function startServer(): Promise<{ readonly endpoint: string; readonly server: DaemonServer }> {
  const server = createDaemonServer({
    identity: createIdentity({ name: "story", version: "1.0.0" }),
    authenticate: () => ({ principal: "owner" }),
    routes: (router) =>
      void router.service(EchoService, {
        say: ({ text }) => ({ text }),
      }),
  });
  servers.push(server);
  const { endpoint } = await server.listen({ host: "127.0.0.1", port: 0 });
  return { endpoint, server };
}

/** Waits until a probe has that many round trips. */
function hasMeasured(probe: Probe, samples: number): Promise<void> {
  return expect.poll(() => roundTripsOf(probe.state)?.samples).toBe(samples) as Promise<void>;
}

describe("a probe on real sockets", () => {
  it.each([
    ["the platform's WebSocket", createWebSocketTransport()],
    ["ws", createWsTransport()],
  ])("measures the path, then carries the client, over %s [PROBE-7, PROBE-11, INV-7]", async (_, transport) => {
    const { endpoint, server } = await startServer();
    const options = {
      endpoint,
      expectedServerId: server.serverId,
      sessionKey: createSessionKey(),
      client: { name: "story", version: "1.0.0" },
      credential: { bearerToken: "token" },
    };
    const probe = createProbe({ ...options, transport });
    await hasMeasured(probe, 1);
    probe.measure();
    await hasMeasured(probe, 2);
    expect(probedServerOf(probe.state)?.serverId).toBe(server.serverId);
    expect(server.sessions.list()).toEqual([]);
    const client = createDaemonClient({ ...options, transport: probe.promote(), redial: false });
    expect((await client.service(EchoService).say({ text: "promoted" })).text).toBe("promoted");
    expect(server.metrics.open).toMatchObject({ probing: 0, attached: 1 });
    probe.close();
    expect(await client.ping(1_000)).toBeGreaterThan(0);
    await client.close();
    await expect.poll(() => server.metrics.open.attached).toBe(0);
  });
});
