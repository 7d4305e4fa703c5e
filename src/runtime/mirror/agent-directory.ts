import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { AgentFilter } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import type { SyncState } from "../../../gen/moorline/machine/v1/sync_pb.ts";
import type { Source } from "../source.ts";

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
