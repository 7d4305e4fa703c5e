import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, ConnectError } from "@connectrpc/connect";
import { type Agent, AgentStatusSchema } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentService, type CreateAgentRequestSchema } from "../../../../gen/moorline/agent/v1/agent_service_pb.ts";
import { AgentDirectoryService } from "../../../../gen/moorline/agent/v1/directory_service_pb.ts";
import type { TimelineItem } from "../../../../gen/moorline/agent/v1/timeline_pb.ts";
import { TimelineService } from "../../../../gen/moorline/agent/v1/timeline_service_pb.ts";
import { agentToState } from "../../../../src/daemon/agent/agent-lifecycle.ts";
import { AgentRegistry, type RegistryOptions } from "../../../../src/daemon/agent/agent-registry.ts";
import { createAgentService } from "../../../../src/daemon/agent/agent-service.ts";
import { createAgentCollection } from "../../../../src/daemon/directory/agent-collection.ts";
import { createAgentDirectoryService } from "../../../../src/daemon/directory/agent-directory-service.ts";
import { createTimelineService } from "../../../../src/daemon/timeline/timeline-service.ts";
import { createServiceClient } from "../../../../src/rpc/service-client.ts";
import { createMemoryTimelineStore, type TimelineStore } from "../../../../src/server/index.ts";
import { createMemoryJournalStore } from "../../../../src/server/journal/memory-journal-store.ts";
import { SimulatedClock } from "../../../../src/testing/simulated-clock.ts";
import { SimulatedRandom } from "../../../../src/testing/simulated-random.ts";
import { CallClient } from "../../server/support/call-client.ts";
import { stageDaemon } from "../../server/support/daemon.ts";
import { ScriptedProvider } from "./scripted-provider.ts";

/** What a stage may be given. */
export interface AgentStageOptions {
  readonly clock?: SimulatedClock;
  /** The store of an earlier process. */
  readonly store?: TimelineStore;
  readonly seed?: number;
  readonly maxAgents?: number;
}

/** The agents of a daemon in simulated time, with a provider that a test plays, and a client. */
export async function stageAgents({ seed = 1, maxAgents = 10, ...options }: AgentStageOptions = {}) {
  const clock = options.clock ?? new SimulatedClock();
  const random = new SimulatedRandom(seed);
  const store = options.store ?? createMemoryTimelineStore({ clock, random });
  const collection = createAgentCollection({ clock, random });
  const provider = new ScriptedProvider();
  const log: string[] = [];
  const raised: Agent[] = [];
  const failures: unknown[] = [];
  const context: RegistryOptions["context"] = {
    ...{ clock, store, agents: collection },
    logged: ({ before, event, step: { agent, ignored } }, ref) => {
      const [from, to] = [agentToState(before), agentToState(agent)];
      log.push(`${from.state.case} ${event.event.case} ${ignored ? "ignored" : to.state.case}${ref && " by a client"}`);
    },
    attentionRaised: (agent) => raised.push(agent),
    failed: (_, error) => failures.push(error),
  };
  const registry = new AgentRegistry({ context, providers: [provider], random, maxAgents, workingDirectory: "/home" });
  const settle = async <T>(work: Promise<T>): Promise<T> => {
    work.catch(() => undefined);
    await clock.settle();
    return work;
  };
  await settle(registry.recover());
  const daemon = stageDaemon({
    simulated: clock,
    journal: createMemoryJournalStore(),
    routes: (router) => {
      router.service(AgentService, createAgentService(registry, clock));
      router.service(AgentDirectoryService, createAgentDirectoryService(collection));
      router.service(
        TimelineService,
        createTimelineService((agentId) => registry.get(agentId).kept.log),
      );
    },
  });
  const caller = new CallClient(daemon);
  caller.connect();
  const agents: Client<typeof AgentService> = createServiceClient(AgentService, caller.transport);
  const timelines = createServiceClient(TimelineService, caller.transport);
  /** Creates an agent by the client. Its run has begun; nothing was told of it yet. */
  const createAgent = async (init: MessageInitShape<typeof CreateAgentRequestSchema> = {}): Promise<Agent> => {
    const task = { case: "prompt" as const, value: { text: "do it" } };
    const { agent } = await settle(agents.createAgent({ providerId: "scripted", task, ...init }));
    return agent as Agent;
  };
  return {
    ...{ clock, store, collection, provider, registry, agents, timelines, settle, log, raised, failures, createAgent },
    directory: createServiceClient(AgentDirectoryService, caller.transport),
    /** An agent whose turn is under way. */
    async running(): Promise<Agent> {
      const { id } = await createAgent();
      provider.run.listener.started();
      await clock.settle();
      return registry.get(id).agent;
    },
    /** The last run writes, a line each. */
    async write(...lines: string[]): Promise<void> {
      for (const line of lines) await settle(Promise.resolve(provider.run.write(line)));
    },
    /** What the timeline of an agent shows. */
    async items(agentId: string): Promise<TimelineItem[]> {
      return (await settle(timelines.listTimeline({ agentId, position: { case: "afterSeq", value: 0n } }))).items;
    },
    /** The error that work fails with. */
    async errorOf(work: Promise<unknown>): Promise<ConnectError> {
      return ConnectError.from(await settle(work.catch((error: unknown) => error)));
    },
    /** Another process of the daemon on the same store. */
    restart: () => stageAgents({ ...options, clock, store, maxAgents, seed: seed + 1 }),
  };
}

/** An item in a word. */
export function showItem({ content }: TimelineItem): string {
  switch (content.case) {
    case "userMessage":
      return `> ${content.value.text}`;
    case "commandOutput":
      return new TextDecoder().decode(content.value.data);
    case "processExit":
      return `exit ${content.value.cause.value}`;
    case "error":
      return `error ${content.value.message}`;
    case "permissionResolution":
      return `${content.value.permissionId}: ${content.value.optionId || "nobody"}`;
    default:
      return `${content.case}`;
  }
}

/** The name of a status. */
export function showStatus({ status }: Pick<Agent, "status">): string {
  return AgentStatusSchema.value[status]?.localName ?? `${status}`;
}
