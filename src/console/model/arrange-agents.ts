import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Agent, type AgentStatus, AgentStatusSchema } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { nameOf } from "./names.ts";

/** What agents are sorted by. */
export type AgentOrder = "changed" | "created" | "title" | "status";

/** Which agents are shown, and how they are sorted. */
export interface AgentArrangement {
  /** Words that all have to be in title, id, provider, status, directory or labels, in any case. */
  readonly text: string;
  /** Undefined: all. */
  readonly status: AgentStatus | undefined;
  readonly order: AgentOrder;
}

/** The agents that are shown, in their order. Equal ones stay as they were. */
export function arrangeAgents(agents: readonly Agent[], { text, status, order }: AgentArrangement): Agent[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = agents.filter((agent) => {
    if (status !== undefined && agent.status !== status) return false;
    return words.length === 0 || words.every((word) => textOf(agent).includes(word));
  });
  return shown.toSorted(ORDERS[order]);
}

/** What an agent is called: its title, or its id. */
export function titleOf({ title, id }: Agent): string {
  return title === "" ? id : title;
}

const ORDERS: Readonly<Record<AgentOrder, (one: Agent, other: Agent) => number>> = {
  changed: (one, other) => instantOf(other.updatedAt) - instantOf(one.updatedAt),
  created: (one, other) => instantOf(other.createdAt) - instantOf(one.createdAt),
  title: (one, other) => titleOf(one).localeCompare(titleOf(other)),
  status: (one, other) => one.status - other.status,
};

function instantOf(timestamp: Timestamp | undefined): number {
  return timestamp === undefined ? 0 : timestampMs(timestamp);
}

function textOf({ id, title, providerId, status, workingDirectory, labels }: Agent): string {
  const labelled = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const parts = [id, title, providerId, nameOf(AgentStatusSchema, status), workingDirectory, ...labelled];
  return parts.join("\n").toLowerCase();
}
