import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";

/** An agent, and the daemon that it is on. The same object until the agent changes. */
export interface FleetAgent {
  /** The daemon. */
  readonly serverId: string;
  /** The agent. */
  readonly agent: Agent;
}

/** What tells the agents of a fleet apart. */
export interface FleetAgentId {
  /** The daemon. */
  readonly serverId: string;
  /** The id of the agent there. */
  readonly id: string;
}
