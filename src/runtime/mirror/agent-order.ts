import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { compareTimes } from "../compare-times.ts";
import type { Order } from "../list-source.ts";

/** Says which of two agents comes first: below 0 for `a`. */
export type AgentOrder = (a: Agent, b: Agent) => number;

/** The agent that was updated last comes first. */
export const byUpdatedLast: AgentOrder = (a, b) => compareTimes(b.updatedAt, a.updatedAt);

/** An order in which no two agents are equal: where `order` does not decide, the id does. */
export function toTotalOrder(order: AgentOrder): Order<Agent> {
  return (a, b) => order(a, b) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
