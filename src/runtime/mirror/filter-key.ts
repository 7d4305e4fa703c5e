import { type AgentFilter, ArchivedFilter } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { hashOfText } from "../../wire/text-hash.ts";

/** The same for filters that say the same, as the daemon understands them, and for no others. Spec: DIR-16, DIR-17. */
export function filterKeyOf({ statuses, providerIds, labels, archived, onlyAttention }: AgentFilter): string {
  const isKnown = archived === ArchivedFilter.INCLUDED || archived === ArchivedFilter.ONLY;
  const terms = [
    [...new Set<number>(statuses)].sort((a, b) => a - b),
    [...new Set(providerIds)].sort(),
    Object.keys(labels)
      .sort()
      .map((name) => [name, labels[name]]),
    isKnown ? archived : ArchivedFilter.UNSPECIFIED,
    onlyAttention,
  ];
  return hashOfText(JSON.stringify(terms));
}
