import type { ConnectionLoss } from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import type { HostState, HostState_Online } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { HostErrorReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { hostLimits } from "../../wire/limits.ts";
import { HEALTHY_AFTER_MS, nextRetryAtMs } from "../connection/retry.ts";
import { bar, forgiveBars, noteFailure } from "./candidates.ts";
import { hasAnsweredLately } from "./choose-path.ts";
import type { HostDraft } from "./draft.ts";
import { type Beginning, begin, type Effort, pauseUntil, refresh } from "./effort.ts";
import { fail } from "./entering.ts";
import { moveTo } from "./holdings.ts";
import { judge, lossOf } from "./judge.ts";
import type { RaceStart } from "./race.ts";
import type { HostConfig, HostInputOf, HostStep } from "./shapes.ts";

type Lost = HostInputOf<"clientLost">;

/** The active connection was lost, and no switch takes its place. Spec: HOST-8, HOST-10. */
export function loseActive(
  state: HostState,
  online: HostState_Online,
  draft: HostDraft,
  event: Lost,
  config: HostConfig,
): HostStep {
  const loss = lossOf(event);
  const { nowMs } = event;
  rememberActive(draft, online, event, config);
  const judgement = judge(loss, draft.retry.refreshes);
  if (judgement === "refuse") {
    const { candidateId } = online;
    return fail(state, draft, { reason: HostErrorReason.ACTIVE_ENDED, candidateId, loss, retryAtMs: undefined });
  }
  const next =
    judgement === "refresh" ? ({ kind: "going", effort: refresh(draft) } as const) : nextEffort(online, draft, event);
  if (next.kind === "defeated") return fail(state, draft, next.defeat);
  return interrupt(state, online, draft, { effort: next.effort, loss, nowMs }, config);
}

/** From online to a race at once, where the present connection is of no use any more. */
export function reconnect(
  state: HostState,
  online: HostState_Online,
  draft: HostDraft,
  start: RaceStart & { readonly loss?: ConnectionLoss },
  config: HostConfig,
): HostStep {
  const { nowMs } = start;
  const next = begin(draft, start);
  if (next.kind === "defeated") return fail(state, draft, next.defeat);
  return interrupt(state, online, draft, { effort: next.effort, loss: lossOf(start), nowMs }, config);
}

/** From online to interrupted. */
export function interrupt(
  state: HostState,
  { generation, candidateId, path }: HostState_Online,
  draft: HostDraft,
  { effort, loss, nowMs }: { readonly effort: Effort; readonly loss: ConnectionLoss; readonly nowMs: number },
  config: HostConfig,
): HostStep {
  const last = { generation, candidateId, path, lostAtMs: nowMs, loss };
  const value = { last, untilMs: nowMs + config.interruptionMs, effort, memory: draft.memory };
  return moveTo(state, { state: { case: "interrupted", value } }, draft.effects);
}

/** What a loss says about the candidate and about the host. Spec: RETRY-1, PATH-5. */
function rememberActive(draft: HostDraft, online: HostState_Online, event: Lost, config: HostConfig): void {
  const { candidateId, sinceMs } = online;
  const { nowMs, wasHealthy } = event;
  const { retry } = draft;
  const lived = nowMs - sinceMs;
  const failures = wasHealthy ? 0 : retry.failures + 1;
  const refreshes = lived >= HEALTHY_AFTER_MS ? 0 : retry.refreshes;
  draft.setRetry({ ...retry, failures, refreshes });
  draft.update(candidateId, (record) => {
    const after = wasHealthy ? record : noteFailure(record, nowMs, config.probeIntervalMs);
    if (lived >= hostLimits.forgiveMs) return forgiveBars(after);
    return lived < hostLimits.briefMs ? bar(after, nowMs) : after;
  });
}

/** A race at once where a switch is under way or another path is known to work; else after a wait. */
function nextEffort(
  online: HostState_Online,
  draft: HostDraft,
  { nowMs, unitRandom, loss, hint }: Lost,
): Beginning | { readonly kind: "going"; readonly effort: Effort } {
  const { switch: pending, candidateId } = online;
  if (pending !== undefined) return begin(draft, { nowMs, greeting: pending });
  const isSuperseded = loss?.code === CloseCode.SUPERSEDED;
  const others = draft.memory.candidates.filter((record) => record.candidateId !== candidateId);
  const isOtherKnown = others.some((record) => record.setAside === undefined && hasAnsweredLately(record, nowMs));
  if (isOtherKnown && !isSuperseded && hint === undefined) return begin(draft, { nowMs, lastId: candidateId });
  const { retry } = draft;
  // Whoever was superseded would fight its own late hello: never at once.
  const failures = isSuperseded ? Math.max(1, retry.failures) : retry.failures;
  if (failures !== retry.failures) draft.setRetry({ ...retry, failures });
  return { kind: "going", effort: pauseUntil(nextRetryAtMs({ retry: draft.retry, hint, nowMs, unitRandom })) };
}
