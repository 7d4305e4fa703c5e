import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { AgentService } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { createDaemonClient, createSessionKey, type DaemonClient } from "../../src/client/index.ts";
import { createSqliteMirrorStorage } from "../../src/node/index.ts";
import {
  createAgentDirectory,
  createAgentTimeline,
  type MirrorHost,
  type MirrorStorage,
} from "../../src/runtime/mirror/index.ts";
import type { Connection, Transport } from "../../src/transport/connection.ts";
import { systemClock } from "../../src/transport/system-clock.ts";
import { systemRandom } from "../../src/transport/system-random.ts";
import { createWsTransport } from "../../src/transport/ws-client.ts";
import { createTestDirectory, openTestDaemon } from "../support/open-daemon.ts";

/** A client whose connection can be cut, as a network does. */
function dial(endpoint: string): { readonly client: DaemonClient; cut(): void } {
  const over = createWsTransport();
  let last: Connection | undefined;
  const transport: Transport = {
    name: over.name,
    dial: (address, listener) => {
      last = over.dial(address, listener);
      return last;
    },
  };
  const program = { name: "test", version: "1.0.0" };
  const client = createDaemonClient({ endpoint, sessionKey: createSessionKey(), client: program, transport });
  onTestFinished(() => client.dispose());
  return { client, cut: () => last?.abort() };
}

function hostOf(client: DaemonClient, storage: MirrorStorage): MirrorHost {
  return {
    service: (desc) => client.service(desc),
    clock: systemClock,
    random: systemRandom,
    peer: () => ({ serverId: "server", sessionRef: "ref" }),
    onError: (error) => {
      throw error;
    },
    storage,
  };
}

async function runAgent(client: DaemonClient, text: string): Promise<string> {
  const agents = client.service(AgentService);
  const task = { case: "command" as const, value: { argv: ["echo", text] } };
  const agentId = (await agents.createAgent({ providerId: "command", task })).agent?.id ?? "";
  await agents.waitForIdle({ agentId });
  return agentId;
}

describe("mirrors of a daemon on real sockets", () => {
  it("notice no cut of a connection, outlive the daemon, and are there before it is [MIRROR-1, MIRROR-6, MIRROR-12]", async () => {
    const first = await openTestDaemon();
    const path = join(createTestDirectory(), "mirrors.db");
    const storage = createSqliteMirrorStorage(path);
    const { client, cut } = dial(first.endpoint);
    const agentId = await runAgent(client, "one");
    const directory = createAgentDirectory(hostOf(client, storage));
    const timeline = createAgentTimeline(hostOf(client, storage), agentId);
    const states: string[] = [];
    directory.sync.subscribe(() => states.push(directory.sync.getSnapshot().state.case ?? ""));
    directory.start();
    timeline.start();
    await expect.poll(() => timeline.sync.getSnapshot().state.case).toBe("ready");
    const { items } = timeline.items.getSnapshot();
    expect(items.map(({ content }) => content.case)).toContain("commandOutput");
    for (const text of ["two", "three"]) {
      cut();
      const id = await runAgent(client, text);
      await expect.poll(() => directory.get(id)?.lastExit).toBeDefined();
    }
    expect(states).toEqual(["initialLoading", "ready"]);
    expect(directory.metrics).toMatchObject({ watches: 1, divergences: 0 });
    // Everything up to the last mark is saved with the stop.
    directory.refresh();
    await expect.poll(() => directory.sync.getSnapshot().state.case).toBe("ready");
    await Promise.all([directory.stop(), timeline.stop()]);
    await storage.close();
    client.dispose();
    await first.daemon.stop();

    const reopened = createSqliteMirrorStorage(path);
    onTestFinished(() => reopened.close());
    const nobody = dial("ws://127.0.0.1:1/").client;
    const offline = createAgentDirectory(hostOf(nobody, reopened));
    offline.start();
    await expect.poll(() => offline.agents.getSnapshot().length).toBe(3);
    expect(offline.sync.getSnapshot().state.case).toBe("revalidating");
    await offline.stop();

    // Another process of the daemon, another epoch: the same agents.
    const second = await openTestDaemon({ stateDirectory: first.stateDirectory });
    const again = createAgentDirectory(hostOf(second.client(), reopened));
    const lengths = new Set<number>();
    again.agents.subscribe(() => lengths.add(again.agents.getSnapshot().length));
    again.start();
    await expect.poll(() => again.sync.getSnapshot().state.case).toBe("ready");
    expect([...lengths]).toEqual([3]);
    expect(again.metrics).toMatchObject({ snapshots: 1, divergences: 0 });
    await again.stop();
  });
});
