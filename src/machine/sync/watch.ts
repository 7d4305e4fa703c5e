import type { SyncEffect, SyncMemory, SyncState } from "../../../gen/moorline/machine/v1/sync_pb.ts";
import { takeStep } from "../../core/machine.ts";
import { dropData, leaveState } from "./leave-state.ts";
import { generationOf, type SyncStep, syncEffect, syncState } from "./shapes.ts";

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
  const next = syncState({ case: "initialLoading", value: { generation, sinceMs: nowMs, memory: memory ?? {} } });
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
  const value = { generation, sinceMs: nowMs, memory: memory ?? {}, cursor };
  const next = syncState({ case: "revalidating", value });
  return takeStep(next, [...leaveState(state), openWatch(generation, cursor, diverged)]);
}

function openWatch(generation: number, cursor: Uint8Array, diverged: boolean): SyncEffect {
  return syncEffect({ case: "openWatch", value: { generation, cursor, diverged } });
}
