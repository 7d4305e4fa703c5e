import type { DescService } from "@bufbuild/protobuf";
import { type Client, Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AgentStatus } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentDirectoryService } from "../../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { createCreations } from "../../../../src/runtime/creation/create-creations.ts";
import { createAgentDirectory } from "../../../../src/runtime/mirror/create-agent-directory.ts";
import { SimulatedRandom } from "../../../../src/testing/simulated-random.ts";
import { stageAgents } from "../../daemon/support/stage-agents.ts";

/** Creations over the mirror of a daemon, in simulated time. */
async function stage() {
  const daemon = await stageAgents();
  const { clock, settle } = daemon;
  const peer = { serverId: "S", sessionRef: "R" };
  const random = new SimulatedRandom(7);
  const failures: unknown[] = [];
  const service = <T extends DescService>(desc: T): Client<T> => {
    if (desc.typeName !== AgentDirectoryService.typeName) throw new Error("another service");
    return daemon.directory as unknown as Client<T>;
  };
  const onError = (error: unknown): void => void failures.push(error);
  const directory = createAgentDirectory({ service, clock, random, peer: () => peer, onError });
  const creations = createCreations({ service: daemon.agents, directory, clock, random, host: () => peer, onError });
  directory.start();
  await clock.settle();
  /** How many agents were shown, at each change. */
  const counts: number[] = [];
  creations.agents.agents.subscribe(() => counts.push(creations.agents.agents.getSnapshot().length));
  const task = { case: "prompt" as const, value: { text: "do it" } };
  const ask = (providerId = "scripted") =>
    settle(creations.create({ providerId, task }).catch((error: unknown) => error));
  return { ...daemon, creations, directory, counts, failures, ask };
}

describe("createCreations: with a daemon and the mirror of its directory", () => {
  it("shows the agent once from the first moment on, and then as the directory has it [CREATE-1] [CREATE-3]", async () => {
    const { creations, directory, clock, counts, failures, provider, ask } = await stage();
    const created = await ask();
    await clock.advanceAsync(1_000);
    expect([counts.length > 1, new Set(counts)]).toEqual([true, new Set([1])]);
    expect(creations.list.getSnapshot()).toEqual([]);
    const [shown] = creations.agents.agents.getSnapshot();
    expect(shown).toMatchObject({ id: (created as { id: string }).id, title: "do it" });
    provider.run.listener.started();
    await clock.advanceAsync(1_000);
    expect(creations.agents.agents.getSnapshot()[0]?.status).toBe(AgentStatus.RUNNING);
    expect(creations.agents.agents.getSnapshot()).toBe(directory.agents.getSnapshot());
    expect(failures).toEqual([]);
    directory.stop();
  });

  it("takes the agent back that the daemon refuses [CREATE-4]", async () => {
    const { creations, clock, counts, directory, ask } = await stage();
    const error = await ask("nobody");
    await clock.advanceAsync(1_000);
    expect(error).toMatchObject({ code: Code.NotFound });
    expect([counts[0], counts.at(-1)]).toEqual([1, 0]);
    expect(creations.list.getSnapshot()[0]?.error).toBe(error);
    directory.stop();
  });
});
