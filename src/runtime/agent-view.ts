import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Agent } from "../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentFilterSchema } from "../../gen/moorline/agent/v1/directory_service_pb.ts";
import { matchesFilter, readFilterTerms } from "../wire/agent-filter.ts";

/** Which agents of those that a mirror has: as many fields of an AgentFilter as are wanted. An empty one leaves out archived agents. */
export type AgentViewFilter = MessageInitShape<typeof AgentFilterSchema>;

/**
 * How a list of agents is ordered: `recency` as the mirror has it, the one that changed last first; `created` the newest
 * first; `title` as people sort texts. Equal ones by id.
 */
export type AgentListOrder = "recency" | "created" | "title";

/** Selects and orders what a list of agents shows. */
export interface AgentView {
  /** The very list that it is given where all are wanted as they come. */
  readonly agents: (agents: readonly Agent[]) => readonly Agent[];
  /** The ids of the agents that `agents` selects. */
  readonly ids: (agents: readonly Agent[]) => readonly string[];
}

/**
 * @param filter Which agents, as the daemon would select them (DIR-16). Default: all that the mirror has.
 * @param order In which order. Default: `recency`.
 */
export function createAgentView(filter?: AgentViewFilter, order: AgentListOrder = "recency"): AgentView {
  const terms = filter && readFilterTerms(create(AgentFilterSchema, filter));
  const compare = COMPARE[order];
  const select = (agents: readonly Agent[]): readonly Agent[] => {
    const matching = terms === undefined ? agents : agents.filter((agent) => matchesFilter(agent, terms));
    return compare === undefined ? matching : matching.toSorted(compare);
  };
  return { agents: select, ids: (agents) => select(agents).map(({ id }) => id) };
}

const TITLES = /*@__PURE__*/ new Intl.Collator(undefined, { numeric: true });

const COMPARE: Readonly<Record<AgentListOrder, ((one: Agent, other: Agent) => number) | undefined>> = {
  recency: undefined,
  created: (one, other) => createdAtOf(other) - createdAtOf(one) || compareIds(one, other),
  title: (one, other) => TITLES.compare(one.title, other.title) || compareIds(one, other),
};

function createdAtOf({ createdAt }: Agent): number {
  return createdAt === undefined ? 0 : Number(createdAt.seconds) * 1e3 + createdAt.nanos / 1e6;
}

function compareIds(one: Agent, other: Agent): number {
  return one.id < other.id ? -1 : Number(one.id > other.id);
}
