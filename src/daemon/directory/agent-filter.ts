import { Code, ConnectError } from "@connectrpc/connect";
import { type Agent, AgentAttention } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { type AgentFilter, ArchivedFilter } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import type { CollectionFilter } from "../../server/collection/piece.ts";
import { hashText } from "../../server/hashes.ts";

/** The most statuses, provider ids or labels of one filter. Spec: DIR-18. */
const MAX_TERMS = 16;

/** What a filter says, in one form for all filters that say the same. */
interface Terms {
  readonly statuses: readonly number[];
  readonly providerIds: readonly string[];
  readonly labels: ReadonlyArray<readonly [name: string, value: string]>;
  readonly archived: ArchivedFilter;
  readonly onlyAttention: boolean;
}

/**
 * The filter of a request, for a collection of agents. Spec: DIR-16, DIR-17.
 * @param filter Absent: as an empty one.
 * @throws ConnectError INVALID_ARGUMENT where it asks for too much. Spec: DIR-18.
 */
export function resolveAgentFilter(filter: AgentFilter | undefined): CollectionFilter<Agent> {
  const terms = toTerms(filter);
  return { hash: hashText(JSON.stringify(terms)), matches: (agent) => isMatch(agent, terms) };
}

function toTerms(filter: AgentFilter | undefined): Terms {
  const { statuses = [], providerIds = [], labels = {}, onlyAttention = false } = filter ?? {};
  const names = Object.keys(labels);
  for (const [what, { length }] of Object.entries({ statuses, provider_ids: providerIds, labels: names })) {
    if (length > MAX_TERMS) {
      throw new ConnectError(`a filter has at most ${MAX_TERMS} ${what}, and this one ${length}`, Code.InvalidArgument);
    }
  }
  return {
    statuses: [...new Set(statuses)].sort((a, b) => a - b),
    providerIds: [...new Set(providerIds)].sort(),
    labels: names.sort().map((name) => [name, labels[name] ?? ""]),
    archived: knownArchived(filter?.archived),
    onlyAttention,
  };
}

function knownArchived(archived: ArchivedFilter | undefined): ArchivedFilter {
  return archived === ArchivedFilter.INCLUDED || archived === ArchivedFilter.ONLY
    ? archived
    : ArchivedFilter.UNSPECIFIED;
}

function isMatch(agent: Agent, { statuses, providerIds, labels, archived, onlyAttention }: Terms): boolean {
  const isArchived = agent.archivedAt !== undefined;
  if (archived === ArchivedFilter.UNSPECIFIED && isArchived) return false;
  if (archived === ArchivedFilter.ONLY && !isArchived) return false;
  if (onlyAttention && agent.attention === AgentAttention.UNSPECIFIED) return false;
  if (statuses.length > 0 && !statuses.includes(agent.status)) return false;
  if (providerIds.length > 0 && !providerIds.includes(agent.providerId)) return false;
  return labels.every(([name, value]) => Object.hasOwn(agent.labels, name) && agent.labels[name] === value);
}
