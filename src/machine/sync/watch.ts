import type { SyncEffect, SyncMemory, SyncState } from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import { takeStep } from "../../core/machine.ts";
import { dropData, leaveState } from "./leave-state.ts";
import { freshSyncMemory, generationOf, type SyncStep } from "./shapes.ts";

/** What the next watch begins with. */
export interface WatchWish {
  /** The present. */
  readonly nowMs: number;
  /** What is remembered. Default: nothing. */
  readonly memory?: SyncMemory | undefined;
  /** Where it begins. Default: everything is asked for. */
  readonly cursor?: Uint8Array;
  /** The daemon is told that the mirror is no copy. Default false. */
  readonly diverged?: boolean;
}

const NO_CURSOR = new Uint8Array();

/** To `initial_loading`, with a new watch; what an earlier one has shown is dropped. Spec: SYNC-1. */
export function loadFirst(state: SyncState, { nowMs, memory, diverged = false }: WatchWish): SyncStep {
  const generation = generationOf(state) + 1;
  const isShown = state.state.case === "initialLoading";
  const value = { generation, sinceMs: nowMs, memory: memory ?? freshSyncMemory };
  const next: SyncState = { state: { case: "initialLoading", value } };
  return takeStep(next, [
    ...leaveState(state),
    ...(isShown ? [dropData()] : []),
    openWatch(generation, NO_CURSOR, diverged),
  ]);
}

/** To `revalidating`, with a new watch; what is shown is kept. Spec: SYNC-2. */
export function loadAgain(state: SyncState, wish: WatchWish): SyncStep {
  const { nowMs, memory, cursor = NO_CURSOR, diverged = false } = wish;
  const generation = generationOf(state) + 1;
  const value = { generation, sinceMs: nowMs, memory: memory ?? freshSyncMemory, cursor };
  const next: SyncState = { state: { case: "revalidating", value } };
  return takeStep(next, [...leaveState(state), openWatch(generation, cursor, diverged)]);
}

function openWatch(generation: number, cursor: Uint8Array, diverged: boolean): SyncEffect {
  return { effect: { case: "openWatch", value: { generation, cursor, diverged } } };
}
