import { type Agent, AgentAttention } from "../../gen/moorline/agent/v1/agent_pb.ts";
import { type AgentFilter, ArchivedFilter } from "../../gen/moorline/agent/v1/directory_service_pb.ts";

/** What a filter says, in one form for all filters that say the same. */
export interface FilterTerms {
  readonly statuses: readonly number[];
  readonly providerIds: readonly string[];
  readonly labels: ReadonlyArray<readonly [name: string, value: string]>;
  readonly archived: ArchivedFilter;
  readonly onlyAttention: boolean;
}

/** The terms of a filter, for both ends. Spec: DIR-16, DIR-17. @param filter Absent: as an empty one. */
export function readFilterTerms(filter: AgentFilter | undefined): FilterTerms {
  const { statuses = [], providerIds = [], labels = {}, onlyAttention = false } = filter ?? {};
  const names = Object.keys(labels).sort();
  return {
    statuses: [...new Set(statuses)].sort((a, b) => a - b),
    providerIds: [...new Set(providerIds)].sort(),
    labels: names.map((name) => [name, labels[name] ?? ""]),
    archived: knownArchived(filter?.archived),
    onlyAttention,
  };
}

/** Whether an agent matches. It looks at the agent only, never at a clock. Spec: DIR-16. */
export function matchesFilter(agent: Agent, terms: FilterTerms): boolean {
  const { statuses, providerIds, labels, archived, onlyAttention } = terms;
  const isArchived = agent.archivedAt !== undefined;
  if (archived === ArchivedFilter.UNSPECIFIED && isArchived) return false;
  if (archived === ArchivedFilter.ONLY && !isArchived) return false;
  if (onlyAttention && agent.attention === AgentAttention.UNSPECIFIED) return false;
  if (statuses.length > 0 && !statuses.includes(agent.status)) return false;
  if (providerIds.length > 0 && !providerIds.includes(agent.providerId)) return false;
  return labels.every(([name, value]) => Object.hasOwn(agent.labels, name) && agent.labels[name] === value);
}

function knownArchived(archived: ArchivedFilter | undefined): ArchivedFilter {
  return archived === ArchivedFilter.INCLUDED || archived === ArchivedFilter.ONLY
    ? archived
    : ArchivedFilter.UNSPECIFIED;
}
