import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Agent } from "../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentFilterSchema } from "../../gen/moorline/agent/v1/directory_service_pb.ts";
import { matchesFilter, readFilterTerms } from "../wire/agent-filter.ts";
import { checkObject } from "../wire/check-given.ts";
import type { FleetAgent, FleetAgentId } from "./fleet/fleet-agent.ts";
import { type FleetOrder, toAgentOrder } from "./fleet/fleet-order.ts";
import type { ListSource } from "./list-source.ts";
import { ListView } from "./list-view.ts";

/** Which agents of those that a mirror has: as many fields of an AgentFilter as are wanted. An empty one leaves out archived agents. */
export type AgentViewFilter = MessageInitShape<typeof AgentFilterSchema>;

/**
 * A view of the agents of a host, by their ids.
 * @param filter Which agents, as the daemon would select them (DIR-16). Default: all that the mirror has.
 * @param order In which order. Default: as the mirror has them, the one that changed last first.
 * @throws MoorlineError OPTION_INVALID for a filter or an order that is none, and for an order by a field that there is not.
 */
export function createAgentView(
  agents: ListSource<Agent>,
  filter?: AgentViewFilter,
  order?: FleetOrder,
): ListView<Agent, string> {
  return new ListView(agents, {
    matches: filter && toMatcher(filter),
    order: order && toAgentOrder(order),
    keyOf: ({ id }) => id,
  });
}

/** A view of the agents of a fleet, in its order. @param filter, errors: as of {@link createAgentView}. */
export function createFleetView(
  agents: ListSource<FleetAgent>,
  filter?: AgentViewFilter,
): ListView<FleetAgent, FleetAgentId> {
  const matches = filter && toMatcher(filter);
  return new ListView<FleetAgent, FleetAgentId>(agents, {
    matches: matches && (({ agent }) => matches(agent)),
    keyOf: ({ serverId, agent }) => ({ serverId, id: agent.id }),
    isSameKey: (a, b) => a.id === b.id && a.serverId === b.serverId,
  });
}

function toMatcher(filter: AgentViewFilter): (agent: Agent) => boolean {
  checkObject("the filter", filter);
  const terms = readFilterTerms(create(AgentFilterSchema, filter));
  return (agent) => matchesFilter(agent, terms);
}
