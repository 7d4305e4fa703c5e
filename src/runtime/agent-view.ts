import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Agent } from "../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentFilterSchema } from "../../gen/moorline/agent/v1/directory_service_pb.ts";
import { matchesFilter, readFilterTerms } from "../wire/agent-filter.ts";
import type { FleetAgent } from "./fleet/fleet-agent.ts";
import { type FleetOrder, type RowOrder, toRowOrder } from "./fleet/fleet-order.ts";

/** Which agents of those that a mirror has: as many fields of an AgentFilter as are wanted. An empty one leaves out archived agents. */
export type AgentViewFilter = MessageInitShape<typeof AgentFilterSchema>;

/** Selects and orders what a list of agents shows. */
export interface AgentView {
  /** The very list that it is given where all are wanted as they come. */
  readonly agents: (agents: readonly Agent[]) => readonly Agent[];
  /** The ids of the agents that `agents` selects: the very list of the time before where they are the same. */
  readonly ids: (agents: readonly Agent[]) => readonly string[];
  /** Of the agents of a fleet those that match, in the order in which they come. */
  readonly rows: (rows: readonly FleetAgent[]) => readonly FleetAgent[];
}

/**
 * @param filter Which agents, as the daemon would select them (DIR-16). Default: all that the mirror has.
 * @param order In which order. Default: as the mirror has them, the one that changed last first.
 * @throws MoorlineError OPTION_INVALID for an order by a field that there is not.
 */
export function createAgentView(filter?: AgentViewFilter, order?: FleetOrder): AgentView {
  const terms = filter && readFilterTerms(create(AgentFilterSchema, filter));
  const compare = order && toRowOrder(order);
  const matches = (agent: Agent): boolean => terms === undefined || matchesFilter(agent, terms);
  const select = (agents: readonly Agent[]): readonly Agent[] => {
    const matching = terms === undefined ? agents : agents.filter(matches);
    return compare === undefined ? matching : sortBy(compare, matching);
  };
  return {
    agents: select,
    ids: createIds(select),
    rows: (rows) => (terms === undefined ? rows : rows.filter(({ agent }) => matches(agent))),
  };
}

/**
 * The ids of what `select` selects. Most often one agent of very many has changed and every place is as it was: then no
 * list is made, and only the agent that is another is looked at.
 */
function createIds(select: AgentView["agents"]): AgentView["ids"] {
  let before: readonly Agent[] = [];
  let ids: readonly string[] = [];
  return (agents) => {
    const selected = select(agents);
    const isSame =
      selected.length === ids.length && selected.every((agent, i) => agent === before[i] || agent.id === ids[i]);
    if (!isSame) ids = selected.map(({ id }) => id);
    before = selected;
    return ids;
  };
}

function sortBy(compare: RowOrder, agents: readonly Agent[]): readonly Agent[] {
  const rows = agents.map((agent) => ({ serverId: "", agent }));
  return rows.sort(compare).map(({ agent }) => agent);
}
