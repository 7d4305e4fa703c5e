import type { SyncEffect, SyncEvent_SyncFailed, SyncState } from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import { SyncFailureReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { backoffDelayMs } from "../../core/backoff.ts";
import { takeStep } from "../../core/machine.ts";
import { dropData, leaveState } from "./leave-state.ts";
import { isHealthy } from "./selectors.ts";
import type { SyncConfig, SyncPresent, SyncStep } from "./shapes.ts";

/** Another try would be answered in the same way. */
const FINAL: ReadonlySet<SyncFailureReason> = new Set([
  SyncFailureReason.PERMISSION_DENIED,
  SyncFailureReason.UNAUTHENTICATED,
  SyncFailureReason.UNIMPLEMENTED,
  SyncFailureReason.REFUSED,
  SyncFailureReason.HOST_OFFLINE,
]);

/** Whether a watch that has failed so is tried again by itself. One of a newer version is. Spec: SYNC-5. */
export function isRetried(reason: SyncFailureReason): boolean {
  return !FINAL.has(reason);
}

/** To the error state of what is shown, with the time of the next try. Spec: SYNC-4, SYNC-5. */
export function fail(
  state: SyncState,
  present: SyncPresent,
  { generation, nowMs, unitRandom, reason, message, host }: SyncEvent_SyncFailed,
  config: SyncConfig,
): SyncStep {
  const { memory } = present.value;
  const failures = (isHealthy(state, nowMs, config) ? 0 : (memory?.failures ?? 0)) + 1;
  const retryAtMs = isRetried(reason) ? nowMs + backoffDelayMs(failures, unitRandom) : undefined;
  const facts = {
    generation,
    sinceMs: nowMs,
    memory: { ...memory, failures },
    failure: { reason, message, ...(host === undefined ? {} : { host }) },
    ...(retryAtMs === undefined ? {} : { retryAtMs }),
  };
  const timer: SyncEffect[] =
    retryAtMs === undefined ? [] : [{ effect: { case: "startTimer", value: { generation, atMs: retryAtMs } } }];
  const leave = leaveState(state);
  if (present.case === "initialLoading" || present.case === "errorBeforeFirstSuccess") {
    const drop = present.case === "initialLoading" ? [dropData()] : [];
    return takeStep({ state: { case: "errorBeforeFirstSuccess", value: facts } }, [...leave, ...drop, ...timer]);
  }
  const { cursor } = present.value;
  return takeStep({ state: { case: "errorAfterReady", value: { ...facts, cursor } } }, [...leave, ...timer]);
}
