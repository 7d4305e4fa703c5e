import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { AgentFilter } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import type { Source } from "../source.ts";

/** Where a mirror is: the state of its machine. */
export interface SyncState {
  /** The state, by the name of its oneof member. */
  readonly state: { readonly case: string | undefined; readonly value?: unknown };
}

/** The agents of one daemon, as the runtime mirrors them. An agent that has not changed keeps its reference. */
export interface AgentDirectory {
  /** Where the mirror is. */
  readonly sync: Source<SyncState>;
  /** The agents, updated last first. */
  readonly agents: Source<readonly Agent[]>;
  /** One agent. Undefined where it is not there. */
  get(id: string): Agent | undefined;
  /** One agent, as a source. */
  agent(id: string): Source<Agent | undefined>;
  /** Which agents are mirrored. */
  readonly filter: AgentFilter;
  /** Mirrors other agents from now on. */
  setFilter(filter: AgentFilter): void;
  /** Looks at the daemon anew. */
  refresh(): void;
}
