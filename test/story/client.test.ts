import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import {
  type ChannelLossReason,
  createDaemonClient,
  createSessionKey,
  createWebSocketTransport,
  isConnected,
} from "../../src/client/index.ts";
import { createDaemonServer, createIdentity, type DaemonServer } from "../../src/server/index.ts";
import type { Connection, Transport } from "../../src/transport/connection.ts";
import { createWsTransport } from "../../src/transport/ws-client.ts";
import { EchoService } from "../unit/rpc/gen/rpctest/v1/echo_pb.ts";

const servers: DaemonServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const own = createIdentity({ name: "story", version: "1.0.0" });

async function startServer(
  port = 0,
  identity = own,
): Promise<{ readonly endpoint: string; readonly server: DaemonServer }> {
  const server = createDaemonServer({
    identity,
    authenticate: () => ({ principal: "owner" }),
    routes: (router) =>
      void router.service(EchoService, {
        say: ({ text }) => ({ text }),
        async *count({ count }) {
          for (let number = 1; number <= count; number += 1) yield { number };
        },
      }),
  });
  servers.push(server);
  const { endpoint } = await server.listen({ host: "127.0.0.1", port });
  return { endpoint, server };
}

/** A transport whose last connection can be cut, as a network does. */
function createCuttable(transport: Transport): { readonly transport: Transport; cut(): void } {
  let last: Connection | undefined;
  const dial: Transport["dial"] = (endpoint, listener) => {
    last = transport.dial(endpoint, listener);
    return last;
  };
  return { transport: { name: transport.name, dial }, cut: () => last?.abort() };
}

describe("a client and a daemon on real sockets", () => {
  it.each([
    ["the platform's WebSocket", createWebSocketTransport()],
    ["ws", createWsTransport()],
  ])("go on over ten cuts without losing anything, over %s [INV-1, CALL-11, RESUME-3]", async (_, over) => {
    const { endpoint, server } = await startServer();
    const { transport, cut } = createCuttable(over);
    const client = createDaemonClient({
      endpoint,
      expectedServerId: server.serverId,
      sessionKey: createSessionKey(),
      client: { name: "story", version: "1.0.0" },
      transport,
    });
    const resumed = () =>
      new Promise<void>((resolve) => {
        const stop = client.on("resumed", () => {
          stop();
          resolve();
        });
      });
    let cuts = 0;
    let expected = 1;
    for await (const { number } of client.service(EchoService).count({ count: 50_000 })) {
      expect(number).toBe(expected);
      expected += 1;
      if (number % 4_500 !== 0 || number > 46_000) continue;
      const again = resumed();
      cut();
      await again;
      cuts += 1;
    }
    expect(expected).toBe(50_001);
    expect(cuts).toBe(10);
    expect(await client.ping(1_000)).toBeGreaterThan(0);
    await client.close();
  });

  it("find each other again after the daemon was started anew, with a new channel [RESUME-6, CONN-9]", async () => {
    const first = await startServer();
    const options = { sessionKey: createSessionKey(), client: { name: "story", version: "1.0.0" } };
    const client = createDaemonClient({ ...options, endpoint: first.endpoint });
    const lost: ChannelLossReason[] = [];
    client.on("channel_lost", ({ reason }) => lost.push(reason));
    const echo = client.service(EchoService);
    expect((await echo.say({ text: "before" })).text).toBe("before");
    await first.server.close();
    await expect.poll(() => isConnected(client.state)).toBe(false);
    await startServer(Number(new URL(first.endpoint).port));
    await client.ensureConnected();
    expect((await echo.say({ text: "after" })).text).toBe("after");
    expect(lost).toHaveLength(1);
    await client.close();
  });

  it("are not mixed up with another daemon that takes over the address [WELCOME-2, HELLO-8]", async () => {
    const first = await startServer();
    const port = Number(new URL(first.endpoint).port);
    const program = { name: "story", version: "1.0.0" };
    const client = createDaemonClient({ endpoint: first.endpoint, sessionKey: createSessionKey(), client: program });
    await client.ensureConnected();
    await first.server.close();
    const other = await startServer(port, createIdentity(program));
    await expect(client.ensureConnected()).rejects.toMatchObject({ code: "WRONG_SERVER" });
    expect(other.server.sessions.list()).toEqual([]);
    await other.server.close();
    await startServer(port);
    await client.ensureConnected();
    expect((await client.service(EchoService).say({ text: "again" })).text).toBe("again");
    await client.close();
  });

  it("let the client's process end by itself once it is closed", async () => {
    const { endpoint } = await startServer();
    const program = fileURLToPath(new URL("./client-process.ts", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [program, endpoint], { timeout: 60_000 });
    expect(stdout.trim()).toBe("said hello");
  });
});
