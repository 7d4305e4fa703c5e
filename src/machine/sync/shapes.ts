import type {
  SyncEffect,
  SyncEvent,
  SyncMemory,
  SyncState,
  SyncState_Idle,
} from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import type { Step } from "../../core/machine.ts";

/** What decides how a mirror's machine behaves; plain data. */
export interface SyncConfig {
  /** A watch that was ready for this long has not failed, in milliseconds. Default 1,000. */
  readonly healthyAfterMs: number;
  /** How long after a divergence another one of the same epoch is left as it is, in milliseconds. Default 10 min. */
  readonly divergencePauseMs: number;
}

/** What mirrors run with. */
export const defaultSyncConfig: SyncConfig = { healthyAfterMs: 1_000, divergencePauseMs: 600_000 };

/** A step of the machine of a mirror. */
export type SyncStep = Step<SyncState, SyncEffect>;

/** The event inside a SyncEvent, an unknown one included. */
export type SyncInput = SyncEvent["event"];

/** What a mirror knows in every state but `idle` and `gone`. */
export type SyncPresent = Exclude<SyncState["state"], { case: undefined } | { case: "idle" } | { case: "gone" }>;

/** What a mirror remembers that has not failed. */
export const freshSyncMemory: SyncMemory = { failures: 0 };

/** Where a mirror starts. */
export function initialSyncState(): SyncState {
  return { state: { case: "idle", value: { generation: 0 } } };
}

/** The last generation there was; 0 before the first, and in a state of a newer version. */
export function generationOf({ state }: SyncState): number {
  return (state.value as Pick<SyncState_Idle, "generation"> | undefined)?.generation ?? 0;
}
