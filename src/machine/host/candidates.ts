import type { ConnectionLoss } from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import type { CandidateFacts, CandidateRecord } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { SetAsideReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { hostLimits } from "../../wire/limits.ts";

/** What was measured of a candidate that has just come. */
const freshRecord: Omit<CandidateRecord, "candidateId" | "path" | "isLoopback"> = {
  failures: 0,
  samples: [],
  bars: 0,
  barredUntilMs: 0,
  probeAtMs: 0,
};

/** What is known of the candidates of a profile that came anew: of those that were there before, what was measured. */
export function mergeCandidates(
  known: readonly CandidateRecord[],
  facts: readonly CandidateFacts[],
): CandidateRecord[] {
  return facts.slice(0, hostLimits.maxCandidates).map((fact) => {
    const { candidateId, path, isLoopback } = fact;
    const before = known.find((record) => record.candidateId === candidateId);
    const { setAside: _aside, ...rest } = before ?? freshRecord;
    const setAside = fact.setAside === SetAsideReason.UNSPECIFIED ? {} : { setAside: { reason: fact.setAside } };
    return { ...rest, candidateId, path, isLoopback, failures: 0, ...setAside };
  });
}

/** Whether a candidate may be tried. */
export function isUsable(record: CandidateRecord): boolean {
  return record.setAside === undefined;
}

/** The candidate answered: a Welcome, or a pong after `roundTripMs`. */
export function noteAnswer(record: CandidateRecord, nowMs: number, roundTripMs?: number): CandidateRecord {
  const sample = roundTripMs === undefined ? [] : [{ atMs: nowMs, roundTripMs }];
  const samples = [...record.samples, ...sample].slice(-hostLimits.maxSamples);
  return { ...record, samples, failures: 0, answeredAtMs: nowMs };
}

/** The candidate failed; it is measured again by a backoff of its own. Spec: PATH-4. */
export function noteFailure(record: CandidateRecord, nowMs: number, probeIntervalMs: number): CandidateRecord {
  const failures = record.failures + 1;
  const waitMs = Math.min(hostLimits.maxProbeIntervalMs, probeIntervalMs * 2 ** failures);
  return { ...record, failures, probeAtMs: nowMs + waitMs };
}

/** The candidate is not tried any more. */
export function setAside(record: CandidateRecord, reason: SetAsideReason, loss: ConnectionLoss): CandidateRecord {
  return { ...record, setAside: { reason, loss } };
}

/** What was refused may be tried again: the user, or the credential, says something new. */
export function forgetRefusal(record: CandidateRecord): CandidateRecord {
  if (record.setAside?.reason !== SetAsideReason.REFUSED) return record;
  const { setAside: _setAside, ...rest } = record;
  return rest;
}

/** The candidate does not win for a while: a minute the first time, each time twice as long, at most an hour. Spec: PATH-5. */
export function bar(record: CandidateRecord, nowMs: number): CandidateRecord {
  const bars = record.bars + 1;
  const lastsMs = Math.min(hostLimits.maxBarMs, hostLimits.barMs * 2 ** (bars - 1));
  return { ...record, bars, barredUntilMs: nowMs + lastsMs };
}

/** The bars are forgotten: the candidate has carried the channel for long. */
export function forgiveBars(record: CandidateRecord): CandidateRecord {
  return record.bars === 0 ? record : { ...record, bars: 0, barredUntilMs: 0 };
}

/** When the candidate is measured next. */
export function planProbe(record: CandidateRecord, probeAtMs: number): CandidateRecord {
  return record.probeAtMs === probeAtMs ? record : { ...record, probeAtMs };
}

/** Whether it is barred now. */
export function isBarred(record: CandidateRecord, nowMs: number): boolean {
  return record.barredUntilMs > nowMs;
}
