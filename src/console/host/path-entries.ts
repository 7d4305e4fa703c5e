import type { CandidateRecord } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import type { HostProfile } from "../../../gen/moorline/state/v1/host_profile_pb.ts";
import { SetAsideReasonSchema } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { activeCandidateOf, candidatesOf, type HostSnapshot, isOnline, memoryOf } from "../../runtime/index.ts";
import type { PathEntry } from "../model/console-model.ts";
import { nameOf, toCounted } from "../model/names.ts";

/**
 * The ways to a daemon, in the order of its profile.
 * @param calls Round trips of calls on the path in use; shown where that one is not probed.
 */
export function pathEntriesOf(
  profile: HostProfile,
  snapshot: HostSnapshot,
  calls: readonly number[],
): readonly PathEntry[] {
  const records = new Map(candidatesOf(snapshot).map((record) => [record.candidateId, record]));
  const wanted = memoryOf(snapshot)?.preferredCandidateId;
  const active = isOnline(snapshot) ? activeCandidateOf(snapshot) : undefined;
  return profile.candidates.map(({ id, kind }): PathEntry => {
    const record = records.get(id);
    const isSetAside = record?.setAside !== undefined;
    const probed = record?.samples.map(({ roundTripMs }) => roundTripMs) ?? [];
    const isProbed = id !== active || (probed.length > 0 && record?.isLoopback !== true);
    return {
      candidateId: id,
      address: kind.case === "direct" ? kind.value.endpoint : id,
      kind: "direct",
      use: id === active ? "active" : isSetAside ? "set aside" : "standby",
      isWanted: id === wanted,
      roundTripsMs: isProbed ? probed : calls,
      note: noteOf(record),
    };
  });
}

function noteOf(record: CandidateRecord | undefined): string {
  if (record?.setAside !== undefined) {
    const { reason, loss } = record.setAside;
    return [nameOf(SetAsideReasonSchema, reason), loss?.message].filter(Boolean).join(": ");
  }
  if (record === undefined || record.failures === 0) return "";
  return `${toCounted(record.failures, "failure")} in a row`;
}
