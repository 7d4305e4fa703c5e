import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { checkObject } from "../../wire/check-given.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import { compareTimes } from "../compare-times.ts";
import type { Order } from "../list-source.ts";
import type { FleetAgent } from "./fleet-agent.ts";

/** What agents of a fleet may be sorted by. */
export type FleetField = "updatedAt" | "createdAt" | "title" | "status" | "providerId" | "workingDirectory";

/** How the agents of a fleet are sorted. */
export interface FleetOrder {
  /** By what. */
  readonly by: FleetField;
  /** Whether the largest, or last, comes first. Default false. */
  readonly descending?: boolean;
}

/** The agent that has changed last comes first. */
export const recentFirst: FleetOrder = { by: "updatedAt", descending: true };

const COMPARISONS: Readonly<Record<FleetField, (a: Agent, b: Agent) => number>> = {
  updatedAt: (a, b) => compareTimes(a.updatedAt, b.updatedAt),
  createdAt: (a, b) => compareTimes(a.createdAt, b.createdAt),
  title: (a, b) => compareTexts(a.title.toLowerCase(), b.title.toLowerCase()),
  status: (a, b) => a.status - b.status,
  providerId: (a, b) => compareTexts(a.providerId, b.providerId),
  workingDirectory: (a, b) => compareTexts(a.workingDirectory, b.workingDirectory),
};

/**
 * The comparison of an order, for agents of one host. Where the field does not decide, the agent's id does.
 * @throws MoorlineError OPTION_INVALID for a field that there is not.
 */
export function toAgentOrder(order: FleetOrder): Order<Agent> {
  const compare = toComparison(order);
  return (a, b) => compare(a, b) || compareTexts(a.id, b.id);
}

/**
 * The comparison of an order. Where the field does not decide, the server id does, then the agent's id, so that rows keep
 * their places. Spec: FLEET-7.
 * @throws MoorlineError OPTION_INVALID for a field that there is not.
 */
export function toRowOrder(order: FleetOrder): Order<FleetAgent> {
  const compare = toComparison(order);
  return (a, b) =>
    compare(a.agent, b.agent) || compareTexts(a.serverId, b.serverId) || compareTexts(a.agent.id, b.agent.id);
}

function toComparison(order: FleetOrder): (a: Agent, b: Agent) => number {
  checkObject("the order", order);
  const { by, descending = false } = order;
  if (!Object.hasOwn(COMPARISONS, by)) {
    throw new MoorlineError("OPTION_INVALID", "Agents cannot be sorted by this field.", {
      action: `Give one of ${Object.keys(COMPARISONS).join(", ")}.`,
    });
  }
  const compare = COMPARISONS[by];
  return descending ? (a, b) => -compare(a, b) : compare;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
