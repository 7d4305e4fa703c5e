import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type SyncEffect,
  SyncEffectSchema,
  type SyncEvent,
  SyncEventSchema,
  type SyncState,
  type SyncState_Idle,
  SyncStateSchema,
} from "../../../gen/moorline/machine/v1/sync_pb.ts";
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

type StateInit = Exclude<MessageInitShape<typeof SyncStateSchema>["state"], { case?: undefined } | undefined>;
type EventInit = Exclude<MessageInitShape<typeof SyncEventSchema>["event"], { case?: undefined } | undefined>;
type EffectInit = Exclude<MessageInitShape<typeof SyncEffectSchema>["effect"], { case?: undefined } | undefined>;

/** Makes a state of the machine of a mirror. */
export function syncState(state: StateInit): SyncState {
  return create(SyncStateSchema, { state });
}

/** Makes an event of the machine of a mirror. */
export function syncEvent(event: EventInit): SyncEvent {
  return create(SyncEventSchema, { event });
}

/** Makes an effect of the machine of a mirror. */
export function syncEffect(effect: EffectInit): SyncEffect {
  return create(SyncEffectSchema, { effect });
}

/** Where a mirror starts. */
export function initialSyncState(): SyncState {
  return syncState({ case: "idle", value: {} });
}

/** The last generation there was; 0 before the first, and in a state of a newer version. */
export function generationOf({ state }: SyncState): number {
  return (state.value as Pick<SyncState_Idle, "generation"> | undefined)?.generation ?? 0;
}
