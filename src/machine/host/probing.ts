import type { CandidateRecord, HostState_Online, Measurement } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { Path } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { Visibility } from "../../../gen/moorline/state/v1/phase_pb.ts";
import { channelLimits, hostLimits } from "../../wire/limits.ts";
import { isUsable, planProbe } from "./candidates.ts";
import { typicalMs } from "./choose-path.ts";
import type { HostDraft } from "./draft.ts";

/** The part of an online host that decides what is measured. */
type Measured = Pick<HostState_Online, "candidateId" | "path" | "connection" | "switch" | "measurements" | "memory">;

/**
 * When the next candidate is measured: the active one by a ping on its connection, the others by probes. Undefined: none is,
 * because the program is hidden, a switch is under way, or the active path is good enough. Spec: PATH-6.
 */
export function probeDueAtMs(online: Measured): number | undefined {
  const instants = measurableOf(online).map(({ probeAtMs }) => probeAtMs);
  return instants.length === 0 ? undefined : Math.min(...instants);
}

/**
 * Measures every candidate whose time has come.
 * @returns The probes that are under way then.
 */
export function measureDue(
  draft: HostDraft,
  online: Measured,
  dueAtMs: number,
  nowMs: number,
  intervalMs: number,
): Measurement[] {
  const measurable = measurableOf(online);
  const isCompared = measurable.length > 1 || online.measurements.length > 0;
  const paddingBytes = isCompared ? channelLimits.maxPingPaddingBytes : 0;
  const due = measurable.filter(({ probeAtMs }) => probeAtMs <= dueAtMs);
  const started = due.flatMap(({ candidateId }) => {
    draft.update(candidateId, (record) => planProbe(record, nowMs + intervalMs));
    if (candidateId !== online.candidateId) {
      return [{ candidateId, connection: draft.openProbe(candidateId) }];
    }
    draft.do({ case: "pingClient", value: { connection: online.connection, paddingBytes } });
    return [];
  });
  return [...online.measurements, ...started];
}

function measurableOf(online: Measured): CandidateRecord[] {
  const { memory, candidateId, measurements } = online;
  const isQuiet = memory?.visibility === Visibility.HIDDEN || online.switch !== undefined;
  if (memory === undefined || isQuiet) return [];
  const active = memory.candidates.find((record) => record.candidateId === candidateId);
  const wanted = findWanted(online);
  const isOpen = (record: CandidateRecord): boolean =>
    isUsable(record) && !measurements.some((measurement) => measurement.candidateId === record.candidateId);
  if (active?.isLoopback === true) return wanted !== undefined && isOpen(wanted) ? [wanted] : [];
  const isEnough = active !== undefined && isFast(active) && wanted === undefined;
  return memory.candidates.filter((record) => record.candidateId === candidateId || (!isEnough && isOpen(record)));
}

/** The candidate that the user wants, where that is another one which can be tried. */
function findWanted({ memory, candidateId }: Measured): CandidateRecord | undefined {
  const wanted = memory?.candidates.find((record) => record.candidateId === memory.preferredCandidateId);
  return wanted !== undefined && isUsable(wanted) && wanted.candidateId !== candidateId ? wanted : undefined;
}

function isFast(record: CandidateRecord): boolean {
  const roundTripMs = typicalMs(record);
  return record.path === Path.DIRECT && roundTripMs !== undefined && roundTripMs < hostLimits.fastPathMs;
}
