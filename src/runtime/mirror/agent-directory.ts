import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { AgentFilter, AgentFilterSchema } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import type { SyncState } from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import type { ListSource } from "../list-source.ts";
import type { Source } from "../source.ts";
import type { AgentOrder } from "./agent-order.ts";
import type { MirrorOwner } from "./mirror-host.ts";

/** The agents of a daemon that match a filter, as far as they are known here. Spec: MIRROR. */
export interface AgentDirectory {
  /** How it stands to the daemon. */
  readonly sync: Source<SyncState>;
  /**
   * All agents, in the order of the options; made when it is asked for. An agent that has not changed stays the very same
   * object, and the list does where none has. To be followed as well, by whoever keeps something that is made of them.
   */
  readonly agents: ListSource<Agent>;
  /** An agent. Undefined: it is not known, or does not match. */
  get(id: string): Agent | undefined;
  /** One agent: its listeners hear of that agent only. A change costs the same however many agents are listened to. */
  agent(id: string): Source<Agent | undefined>;
  /** Which agents. */
  readonly filter: AgentFilter;
  /** Has other agents shown. What is shown stays until they are there. A filter that says the same changes nothing. */
  setFilter(filter: MessageInitShape<typeof AgentFilterSchema>): void;
  /** An intent: sync again now, from the cursor; also where the daemon has refused. Does nothing while it is stopped. */
  refresh(): void;
}

/** An {@link AgentDirectory} for whoever starts and stops it. */
export interface OwnedAgentDirectory extends AgentDirectory, MirrorOwner {}

/** Options of an {@link AgentDirectory}. */
export interface AgentDirectoryOptions {
  /** Which agents. Default: all that are not archived. */
  readonly filter?: MessageInitShape<typeof AgentFilterSchema>;
  /** Which agent comes first. Where it does not decide, the id does. Default: the one that was updated last. */
  readonly order?: AgentOrder;
}
