import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { Clock } from "../../core/clock.ts";
import type { TimelineStore } from "../../server/timeline/timeline-store.ts";
import type { AgentCollection } from "../directory/agent-collection.ts";
import type { AgentProvider } from "../provider.ts";
import type { AgentRecord } from "./agent-transition.ts";

/** What all agents of a daemon have in common. */
export interface AgentsContext {
  /** Time. */
  readonly clock: Clock;
  /** What clients are shown. */
  readonly agents: AgentCollection;
  /** Where agents are kept, each with its timeline. */
  readonly store: TimelineStore;
  /** The provider of an id, where the daemon has it. */
  findProvider(providerId: string): AgentProvider | undefined;
  /** Whether the daemon is being stopped, so that runs end because of that. */
  isClosing(): boolean;
  /** An event was given to the machine of an agent. @param sessionRef Whose request it was; empty: nobody's. */
  logged(record: AgentRecord, sessionRef: string): void;
  /** An agent wants attention that did not want it, or wanted it for another reason. */
  attentionRaised(agent: Agent): void;
  /** Something has failed that nobody waits for. */
  failed(what: string, error: unknown): void;
}
