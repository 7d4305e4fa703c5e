import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import { compareTimes } from "../compare-times.ts";
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

/** Says which of two rows comes first: below 0 for `a`. Never 0 for two rows. */
export type RowOrder = (a: FleetAgent, b: FleetAgent) => number;

type Compare = (a: Agent, b: Agent) => number;

const COMPARISONS: Readonly<Record<FleetField, Compare>> = {
  updatedAt: (a, b) => compareTimes(a.updatedAt, b.updatedAt),
  createdAt: (a, b) => compareTimes(a.createdAt, b.createdAt),
  title: (a, b) => compareTexts(a.title.toLowerCase(), b.title.toLowerCase()),
  status: (a, b) => a.status - b.status,
  providerId: (a, b) => compareTexts(a.providerId, b.providerId),
  workingDirectory: (a, b) => compareTexts(a.workingDirectory, b.workingDirectory),
};

/**
 * The comparison of an order. Where the field does not decide, the server id does, then the agent's id, so that rows keep
 * their places. Spec: FLEET-7.
 * @throws MoorlineError OPTION_INVALID for a field that there is not.
 */
export function toRowOrder({ by, descending = false }: FleetOrder): RowOrder {
  if (!Object.hasOwn(COMPARISONS, by)) {
    throw new MoorlineError("OPTION_INVALID", "Agents cannot be sorted by this field.", {
      action: `Give one of ${Object.keys(COMPARISONS).join(", ")}.`,
    });
  }
  const compare = COMPARISONS[by];
  const sign = descending ? -1 : 1;
  return (a, b) =>
    sign * compare(a.agent, b.agent) || compareTexts(a.serverId, b.serverId) || compareTexts(a.agent.id, b.agent.id);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
