import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Agent, AgentSchema, AgentStatus } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { type AgentFilter, AgentFilterSchema } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import type { SyncState } from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import type { AgentDirectory } from "../../../src/runtime/mirror/agent-directory.ts";
import { byUpdatedLast, toTotalOrder } from "../../../src/runtime/mirror/agent-order.ts";
import type { Source } from "../../../src/runtime/source.ts";
import { ListStore, type Sorting } from "./support/list-store.ts";
import { ManualSource, syncIn } from "./support.ts";

/** An agent, changed last at `second`. */
export function createAgent(id: string, second = 0, init: MessageInitShape<typeof AgentSchema> = {}): Agent {
  const at = timestampFromMs(second * 1_000);
  const status = AgentStatus.IDLE;
  return create(AgentSchema, { id, title: id, providerId: "p", status, createdAt: at, updatedAt: at, ...init });
}

/** As mirrors sort. */
export const recency: Sorting<Agent> = { order: toTotalOrder(byUpdatedLast), keyOf: ({ id }) => id };

/** A directory whose agents a test sets. */
export class FakeDirectory implements AgentDirectory {
  readonly sync = new ManualSource<SyncState>(syncIn("ready"));
  readonly agents: ListStore<Agent>;
  filter: AgentFilter = create(AgentFilterSchema);
  refreshes = 0;
  readonly #sources = new Map<string, Source<Agent | undefined>>();

  /** @param sorting How they are sorted, and told change by change. Default: not, and as a whole. */
  constructor(sorting?: Sorting<Agent>) {
    this.agents = new ListStore<Agent>([], sorting);
  }

  get(id: string): Agent | undefined {
    return this.agents.getSnapshot().find((agent) => agent.id === id);
  }

  agent(id: string): Source<Agent | undefined> {
    const source = this.#sources.get(id) ?? { getSnapshot: () => this.get(id), subscribe: this.agents.subscribe };
    this.#sources.set(id, source);
    return source;
  }

  setFilter(filter: MessageInitShape<typeof AgentFilterSchema>): void {
    this.filter = create(AgentFilterSchema, filter);
  }

  refresh(): void {
    this.refreshes += 1;
  }

  /** Agents come, or change: in front. */
  put(...agents: readonly Agent[]): void {
    const ids = new Set(agents.map(({ id }) => id));
    this.agents.set([...agents, ...this.agents.getSnapshot().filter(({ id }) => !ids.has(id))]);
  }

  /** Agents go. */
  remove(...ids: readonly string[]): void {
    this.agents.set(this.agents.getSnapshot().filter(({ id }) => !ids.includes(id)));
  }
}
