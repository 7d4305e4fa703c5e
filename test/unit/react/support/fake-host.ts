import { create, type DescService, type MessageInitShape } from "@bufbuild/protobuf";
import { type CallOptions, type Client, Code, ConnectError } from "@connectrpc/connect";
import { type Agent, AgentSchema, AgentStatus } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentFilterSchema } from "../../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { CreationStateSchema } from "../../../../gen/moorline/machine/v1/creation_pb.ts";
import type { SyncState } from "../../../../gen/moorline/machine/v1/sync_moorline.ts";
import { idempotencyKey } from "../../../../src/rpc/context-keys.ts";
import type { CreationEntry } from "../../../../src/runtime/creation/optimistic-creations.ts";
import { createOptimisticDirectory } from "../../../../src/runtime/creation/optimistic-directory.ts";
import type { HostRuntime, HostSnapshot } from "../../../../src/runtime/host-runtime.ts";
import { INITIAL_SYNC, initialHostSnapshot, NO_ITEMS } from "../../../../src/runtime/initial-snapshots.ts";
import type { AgentDirectory } from "../../../../src/runtime/mirror/agent-directory.ts";
import type { AgentTimeline, TimelineItems } from "../../../../src/runtime/mirror/agent-timeline.ts";
import { parseServerId } from "../../../../src/wire/server-id.ts";
import { ListStore, type Sorting } from "../../runtime/support/list-store.ts";
import { createStore, type Store } from "./store.ts";

/** A timeline that a test sets. */
export interface FakeTimeline extends AgentTimeline {
  readonly sync: Store<SyncState>;
  readonly items: Store<TimelineItems>;
}

/** A runtime without any machinery: what it shows a test sets, and what it is asked for is written down. */
export interface FakeHost {
  readonly host: HostRuntime;
  readonly snapshot: Store<HostSnapshot>;
  readonly sync: Store<SyncState>;
  readonly agents: ListStore<Agent>;
  readonly creations: Store<readonly CreationEntry[]>;
  /** Every intent and call that was given, as text. */
  readonly asked: readonly string[];
  /** The idempotency keys of the calls. */
  readonly keys: ReadonlyArray<string | undefined>;
  timeline(agentId: string): FakeTimeline;
  /** How many listen to single agents. */
  readonly agentListeners: number;
  /** Puts agents in the place of those with their ids, and others at the end. */
  put(...agents: Agent[]): void;
  remove(id: string): void;
}

/** An agent that is idle. */
export function createAgent(init: MessageInitShape<typeof AgentSchema>): Agent {
  return create(AgentSchema, { title: `Agent ${init.id}`, status: AgentStatus.IDLE, providerId: "command", ...init });
}

/** A creation with the key `key`, whose agent has this id and creation id until it was answered. */
export function createEntry(
  key: string,
  state: Exclude<MessageInitShape<typeof CreationStateSchema>["state"], undefined> = { case: "pending", value: {} },
  agent: Agent = createAgent({ id: key, creationId: key }),
): CreationEntry {
  const error = state.case === "failed" ? new ConnectError("refused", Code.InvalidArgument) : undefined;
  return { key, agent, state: create(CreationStateSchema, { state }), error };
}

/** Server ids of fakes: well-formed, and told apart by one letter. */
export function fakeServerId(letter = "A") {
  return parseServerId(`${letter.repeat(42)}A`);
}

/**
 * @param letter Tells hosts apart. @param initial The agents that it begins with.
 * @param sorting How they are sorted, and told change by change. Default: not, and as a whole.
 */
export function createFakeHost(letter = "A", initial: readonly Agent[] = [], sorting?: Sorting<Agent>): FakeHost {
  const serverId = fakeServerId(letter);
  const asked: string[] = [];
  const keys: Array<string | undefined> = [];
  const snapshot = createStore(initialHostSnapshot(serverId));
  const sync = createStore(INITIAL_SYNC);
  const agents = new ListStore(initial, sorting);
  const creations = createStore<readonly CreationEntry[]>([]);
  const byId = new Map(initial.map((agent) => [agent.id, createStore<Agent | undefined>(agent)]));
  const timelines = new Map<string, FakeTimeline>();
  const ask = (what: string, ...given: unknown[]): void => void asked.push([what, ...given.map(String)].join(" "));

  const agentStore = (id: string): Store<Agent | undefined> => {
    const store = byId.get(id) ?? createStore<Agent | undefined>(undefined);
    byId.set(id, store);
    return store;
  };
  const timeline = (agentId: string): FakeTimeline => {
    const items = createStore(NO_ITEMS);
    const known = timelines.get(agentId) ?? {
      ...{ agentId, items, sync: createStore(INITIAL_SYNC) },
      loadEarlier: async () => ask("loadEarlier", agentId),
      refresh: () => ask("refreshTimeline", agentId),
    };
    timelines.set(agentId, known);
    return known;
  };

  const directory: AgentDirectory = {
    ...{ sync, agents, filter: create(AgentFilterSchema), agent: agentStore },
    get: (id) => agentStore(id).getSnapshot(),
    setFilter: () => ask("setFilter"),
    refresh: () => ask("refreshDirectory"),
  };
  const host: HostRuntime = {
    ...{ serverId, getSnapshot: snapshot.getSnapshot, subscribe: snapshot.subscribe, timeline },
    get snapshot() {
      return snapshot.getSnapshot();
    },
    service: (service) => createFakeClient(service, ask, keys),
    on: () => () => {},
    agents: createOptimisticDirectory(directory, creations),
    creations: { list: creations, dismiss: (key) => ask("dismiss", key) },
    start: () => ask("start"),
    stop: async () => ask("stop"),
    retry: () => ask("retry"),
    refresh: () => ask("refresh"),
    useCandidate: (candidateId) => ask("useCandidate", candidateId),
    setProfile: () => ask("setProfile"),
    credentialChanged: () => ask("credentialChanged"),
    ensureOnline: async () => ask("ensureOnline"),
    createAgent: async ({ title = "" }) => {
      ask("createAgent", title);
      return createAgent({ id: "created", title });
    },
  };

  return {
    ...{ host, snapshot, sync, agents, creations, asked, keys, timeline },
    get agentListeners() {
      return [...byId.values()].reduce((sum, { listeners }) => sum + listeners, 0);
    },
    put(...changed) {
      const list = new Map(agents.getSnapshot().map((agent) => [agent.id, agent]));
      for (const agent of changed) list.set(agent.id, agent);
      agents.set([...list.values()]);
      for (const agent of changed) agentStore(agent.id).set(agent);
    },
    remove(id) {
      agents.set(agents.getSnapshot().filter((agent) => agent.id !== id));
      agentStore(id).set(undefined);
    },
  };
}

/** A client whose calls are written down and answered with nothing. */
function createFakeClient<T extends DescService>(
  service: T,
  ask: (what: string, ...given: unknown[]) => void,
  keys: Array<string | undefined>,
): Client<T> {
  const methods = service.methods.map(({ localName }) => [
    localName,
    async (request: object, options?: CallOptions) => {
      ask(localName, JSON.stringify(request));
      keys.push(options?.contextValues?.get(idempotencyKey));
      return {};
    },
  ]);
  return Object.fromEntries(methods) as Client<T>;
}
