import type { CandidateRecord } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { Path } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { hostLimits } from "../../wire/limits.ts";
import { isBarred, isUsable } from "./candidates.ts";

/** What the choice of a path depends on. */
export interface PathInput {
  /** The candidates, the active one among them. */
  readonly candidates: readonly CandidateRecord[];
  /** The candidate whose connection carries the channel. */
  readonly activeId: string;
  /** Whether that connection is being verified. */
  readonly standing: "steady" | "doubted";
  /** The candidate that the user wants. Empty: none in particular. */
  readonly preferredId: string;
  /** The present. */
  readonly nowMs: number;
}

/**
 * Which candidate should carry the channel instead of the active one. Undefined where it should stay. Spec: PATH-1 to PATH-3.
 */
export function choosePath(input: PathInput): string | undefined {
  const { candidates, activeId, standing, preferredId, nowMs } = input;
  const active = candidates.find(({ candidateId }) => candidateId === activeId);
  const others = candidates.filter((record) => record.candidateId !== activeId && isUsable(record));
  const preferred = others.find(({ candidateId }) => candidateId === preferredId);
  if (preferred !== undefined && hasAnsweredLately(preferred, nowMs)) return preferredId;
  const open = others.filter((record) => !isBarred(record, nowMs));
  if (standing === "doubted") return pick(open.filter((record) => hasAnsweredLately(record, nowMs)));
  if (active === undefined || active.candidateId === preferredId) return undefined;
  return pick(open.filter((record) => isBetter(record, active, nowMs)));
}

/** Whether a candidate answered in the last 15 s, and has not failed since. */
export function hasAnsweredLately({ answeredAtMs, failures }: CandidateRecord, nowMs: number): boolean {
  return answeredAtMs !== undefined && failures === 0 && nowMs - answeredAtMs <= hostLimits.recentAnswerMs;
}

/** The candidates that may race, the best known first. Those that are barred come last. Spec: HOST-5. */
export function rankCandidates(
  candidates: readonly CandidateRecord[],
  preferredId: string,
  nowMs: number,
): CandidateRecord[] {
  const keys = (record: CandidateRecord): number[] => [
    record.candidateId === preferredId ? 0 : 1,
    isBarred(record, nowMs) ? 1 : 0,
    record.failures === 0 ? 0 : 1,
    classOf(record),
    record.answeredAtMs === undefined ? 1 : 0,
    typicalMs(record) ?? Number.MAX_VALUE,
  ];
  return candidates.filter(isUsable).sort((a, b) => compare(keys(a), keys(b)));
}

/** The middle one of the last round trips. Undefined where there is none. */
export function typicalMs(record: CandidateRecord): number | undefined {
  const trips = lastTrips(record).sort((a, b) => a - b);
  return trips[Math.floor(trips.length / 2)];
}

/** A better class, or a clearly shorter way of the same class: in each of the last 3 probes, over at least 6 s. */
function isBetter(record: CandidateRecord, active: CandidateRecord, nowMs: number): boolean {
  if (classOf(record) > classOf(active) || !isSettled(record, nowMs)) return false;
  if (classOf(record) < classOf(active)) return true;
  const activeTrips = lastTrips(active);
  if (activeTrips.length === 0) return false;
  const { switchFactor, switchGainMs } = hostLimits;
  const least = Math.min(...activeTrips);
  const worst = Math.max(...lastTrips(record));
  return worst <= least * switchFactor && worst <= least - switchGainMs;
}

function isSettled(record: CandidateRecord, nowMs: number): boolean {
  const last = record.samples.slice(-hostLimits.switchProbes);
  const [first] = last;
  if (first === undefined || last.length < hostLimits.switchProbes || record.failures > 0) return false;
  const latest = last.at(-1) ?? first;
  const isFresh = nowMs - latest.atMs <= hostLimits.recentAnswerMs;
  return isFresh && latest.atMs - first.atMs >= hostLimits.switchSpanMs;
}

function lastTrips({ samples }: CandidateRecord): number[] {
  return samples.slice(-hostLimits.switchProbes).map(({ roundTripMs }) => roundTripMs);
}

/** The class of a path: 0 is the best. */
function classOf({ path }: CandidateRecord): number {
  return path === Path.DIRECT ? 0 : 1;
}

function pick(candidates: readonly CandidateRecord[]): string | undefined {
  const keys = (record: CandidateRecord): number[] => [classOf(record), typicalMs(record) ?? Number.MAX_VALUE];
  return [...candidates].sort((a, b) => compare(keys(a), keys(b)))[0]?.candidateId;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i += 1) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
