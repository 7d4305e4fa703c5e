import { Code, ConnectError } from "@connectrpc/connect";
import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { AgentFilter } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import type { CollectionFilter } from "../../server/collection/piece.ts";
import { hashText } from "../../server/hashes.ts";
import { matchesFilter, readFilterTerms } from "../../wire/agent-filter.ts";

/** The most statuses, provider ids or labels of one filter. Spec: DIR-18. */
const MAX_TERMS = 16;

/**
 * The filter of a request, for a collection of agents. Spec: DIR-16, DIR-17.
 * @param filter Absent: as an empty one.
 * @throws ConnectError INVALID_ARGUMENT where it asks for too much. Spec: DIR-18.
 */
export function resolveAgentFilter(filter: AgentFilter | undefined): CollectionFilter<Agent> {
  checkCounts(filter);
  const terms = readFilterTerms(filter);
  return { hash: hashText(JSON.stringify(terms)), matches: (agent) => matchesFilter(agent, terms) };
}

function checkCounts(filter: AgentFilter | undefined): void {
  const { statuses = [], providerIds = [], labels = {} } = filter ?? {};
  for (const [what, { length }] of Object.entries({
    statuses,
    provider_ids: providerIds,
    labels: Object.keys(labels),
  })) {
    if (length > MAX_TERMS) {
      throw new ConnectError(`a filter has at most ${MAX_TERMS} ${what}, and this one ${length}`, Code.InvalidArgument);
    }
  }
}
