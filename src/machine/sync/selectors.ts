import type { SyncState } from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import { syncPhaseOf } from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import { SyncPhase } from "../../../gen/moorline/state/v1/phase_pb.ts";
import { defaultSyncConfig, type SyncConfig } from "./shapes.ts";

/** Where a mirror is, as an enum. */
export function syncPhase(state: SyncState): SyncPhase {
  return syncPhaseOf(state);
}

/** Whether the very first load is under way. */
export function isInitialLoad(state: SyncState): boolean {
  return syncPhase(state) === SyncPhase.INITIAL_LOADING;
}

/** Whether something is shown that a watch brings up to date just now. */
export function isRevalidating(state: SyncState): boolean {
  return syncPhase(state) === SyncPhase.REVALIDATING;
}

/** Whether a load is under way, the first or a later one. */
export function isLoading(state: SyncState): boolean {
  return isInitialLoad(state) || isRevalidating(state);
}

/** Whether a load has come to its end since the last reset, or data came from a storage: then errors do not block. */
export function hasEverLoaded({ state }: SyncState): boolean {
  return state.case === "ready" || state.case === "revalidating" || state.case === "errorAfterReady";
}

/** Whether what is shown may be old. */
export function isStale({ state }: SyncState): boolean {
  return state.case === "revalidating" || state.case === "errorAfterReady";
}

/** Whether the watch was ready for long enough to count as one that has not failed. */
export function isHealthy({ state }: SyncState, nowMs: number, { healthyAfterMs } = defaultSyncConfig): boolean {
  return state.case === "ready" && nowMs - state.value.sinceMs >= healthyAfterMs;
}

/**
 * Whether the end of the watch is followed by the next one at once, without an error: it was ready, and has not been lost
 * just before. Spec: SYNC-6.
 */
export function isRewatched(state: SyncState, nowMs: number, config: SyncConfig = defaultSyncConfig): boolean {
  if (state.state.case !== "ready") return false;
  return isHealthy(state, nowMs, config) || (state.state.value.memory?.failures ?? 0) === 0;
}

/** Whether a digest of this epoch that does not agree leads to a new load; else it is counted only. Spec: SYNC-7. */
export function isResynced(
  { state }: SyncState,
  epoch: string,
  nowMs: number,
  { divergencePauseMs }: SyncConfig = defaultSyncConfig,
): boolean {
  if (state.case !== "initialLoading" && state.case !== "ready" && state.case !== "revalidating") return false;
  const last = state.value.memory?.divergence;
  return last === undefined || last.epoch !== epoch || nowMs - last.atMs >= divergencePauseMs;
}

/** The cursor that a watch begins with. Empty where there is none. */
export function cursorOf({ state }: SyncState): Uint8Array {
  return hasCursor(state) ? state.value.cursor : new Uint8Array();
}

function hasCursor(
  state: SyncState["state"],
): state is Extract<SyncState["state"], { case: "ready" | "revalidating" | "errorAfterReady" }> {
  return state.case === "ready" || state.case === "revalidating" || state.case === "errorAfterReady";
}
