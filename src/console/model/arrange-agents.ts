import { type Agent, AgentStatusSchema } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { toAgentOrder } from "../../runtime/fleet/fleet-order.ts";
import type { ListSource, Order } from "../../runtime/list-source.ts";
import { ListView } from "../../runtime/list-view.ts";
import { nameOf } from "./names.ts";
import type { Source } from "./source.ts";

/** What agents are sorted by. */
export type AgentOrder = "changed" | "created" | "title" | "status";

/** Which agents are shown, and how they are sorted. */
export interface AgentArrangement {
  /** Words that all have to be in title, id, provider, status, directory or labels, in any case. */
  readonly text: string;
  /** Undefined: all. */
  readonly status: number | undefined;
  readonly order: AgentOrder;
}

/**
 * The ids of the agents that are shown, in their order: the very same list until one comes, goes or changes its place. While
 * somebody listens, a change of an agent costs what finding its place does.
 */
export function arrangeAgents(agents: ListSource<Agent>, arrangement: AgentArrangement): Source<readonly string[]> {
  const { status, order } = arrangement;
  const words = arrangement.text.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = (agent: Agent): boolean =>
    (status === undefined || agent.status === status) && words.every((word) => hasWord(agent, word));
  const isAll = status === undefined && words.length === 0;
  return new ListView(agents, { matches: isAll ? undefined : matches, order: ORDERS[order], keyOf: ({ id }) => id })
    .keys;
}

/** What an agent is called: its title, or its id. */
export function titleOf({ title, id }: Agent): string {
  return title === "" ? id : title;
}

const ORDERS: Readonly<Record<AgentOrder, Order<Agent> | undefined>> = {
  /** As the directory has them. */
  changed: undefined,
  created: toAgentOrder({ by: "createdAt", descending: true }),
  title: toAgentOrder({ by: "title" }),
  status: toAgentOrder({ by: "status" }),
};

function hasWord({ id, title, providerId, status, workingDirectory, labels }: Agent, word: string): boolean {
  const isIn = (text: string): boolean => text.toLowerCase().includes(word);
  if (isIn(title) || isIn(workingDirectory) || isIn(id) || isIn(providerId)) return true;
  if (isIn(nameOf(AgentStatusSchema, status))) return true;
  return Object.entries(labels).some(([name, value]) => isIn(`${name}=${value}`));
}
