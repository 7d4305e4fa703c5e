import type { SyncEffect, SyncState } from "../../../gen/moorline/machine/v1/sync_moorline.ts";

/** Undoes what the state began: its watch is cancelled, or its timer. The one place where that is decided. Spec: RUN-3. */
export function leaveState({ state }: SyncState): SyncEffect[] {
  switch (state.case) {
    case "initialLoading":
    case "ready":
    case "revalidating":
      return [{ effect: { case: "cancelWatch", value: { generation: state.value.generation } } }];
    case "errorBeforeFirstSuccess":
    case "errorAfterReady":
      return state.value.retryAtMs === undefined ? [] : [{ effect: { case: "cancelTimer", value: {} } }];
    default:
      return [];
  }
}

/** The effect that shows nothing any more. */
export function dropData(): SyncEffect {
  return { effect: { case: "dropData", value: {} } };
}

/** The effects that leave nothing of what is followed, here or in a storage. */
export function forget(): SyncEffect[] {
  return [dropData(), { effect: { case: "forgetStored", value: {} } }];
}
