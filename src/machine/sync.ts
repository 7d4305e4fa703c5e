import type {
  SyncEffect,
  SyncEvent,
  SyncEvent_CursorExpired,
  SyncFailure,
  SyncMemory,
  SyncState,
  syncTable,
} from "../../gen/moorline/machine/v1/sync_moorline.ts";
import { CursorExpiry, SyncTrigger } from "../../gen/moorline/machine/v1/sync_pb.ts";
import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import { ignoreEvent, takeStep } from "../core/machine.ts";
import { memberName, type SchemaMachine, type TransitionFacts } from "./schema-machine.ts";
import { fail } from "./sync/fail.ts";
import { forget, leaveState } from "./sync/leave-state.ts";
import { isHealthy } from "./sync/selectors.ts";
import {
  freshSyncMemory,
  generationOf,
  type SyncConfig,
  type SyncInput,
  type SyncPresent,
  type SyncStep,
} from "./sync/shapes.ts";
import { loadAgain, loadFirst, type WatchWish } from "./sync/watch.ts";

export { isRetried } from "./sync/fail.ts";
export * from "./sync/selectors.ts";
export { defaultSyncConfig, generationOf, initialSyncState, type SyncConfig } from "./sync/shapes.ts";

/** The machine of a mirror. The table is the option `machine` of its state in the schema. */
export const syncMachine: SchemaMachine<SyncState, SyncEvent, SyncEffect, SyncConfig> = {
  name: "sync" satisfies typeof syncTable.name,
  transition: transitionSync,
  stateName: ({ state }) => memberName(state.case),
  eventName: ({ event }) => memberName(event.case),
  describe: describeSync,
};

/** What follows from an event. An event without a row, or of another generation, changes nothing. Spec: SYNC, RUN-2, RUN-4. */
export function transitionSync(state: SyncState, { event }: SyncEvent, config: SyncConfig): SyncStep {
  if (!isOfGeneration(event, generationOf(state))) return ignoreEvent(state);
  const present = state.state;
  switch (present.case) {
    case "idle":
      return transitionIdle(state, event);
    case "gone":
      return transitionGone(state, event);
    case undefined:
      return ignoreEvent(state);
    default:
      return transitionPresent(state, present, event, config);
  }
}

function isOfGeneration(event: SyncInput, generation: number): boolean {
  if (event.case === undefined || !("generation" in event.value)) return true;
  return event.value.generation === undefined || event.value.generation === generation;
}

/** The rows of the state idle. Spec: SYNC-1, SYNC-3. */
function transitionIdle(state: SyncState, event: SyncInput): SyncStep {
  switch (event.case) {
    case "syncStarted":
      return loadFirst(state, event.value);
    case "restored":
      return loadAgain(state, event.value);
    case "notFound":
      return vanish(state, event.value.nowMs);
    case "reset":
      return takeStep(state);
    default:
      return ignoreEvent(state);
  }
}

/** The rows of the state gone. Spec: SYNC-8. */
function transitionGone(state: SyncState, event: SyncInput): SyncStep {
  if (event.case === "syncStarted") return loadFirst(state, event.value);
  return event.case === "reset" ? reset(state) : ignoreEvent(state);
}

/** The rows of all other states. Spec: SYNC-1 to SYNC-9. */
function transitionPresent(state: SyncState, present: SyncPresent, event: SyncInput, config: SyncConfig): SyncStep {
  switch (event.case) {
    case "syncStarted": {
      const { nowMs, trigger } = event.value;
      const memory = rememberStart(state, present.value.memory, trigger, nowMs, config);
      return load(state, present, { nowMs, memory });
    }
    case "synced":
      return isWatching(present) ? sync(state, present, event.value.cursor, event.value.nowMs) : ignoreEvent(state);
    case "syncFailed":
      return fail(state, present, event.value, config);
    case "cursorExpired":
      return present.case === "errorBeforeFirstSuccess" ? ignoreEvent(state) : expire(state, present, event.value);
    case "notFound":
      return vanish(state, event.value.nowMs);
    case "reset":
      return reset(state);
    default:
      return ignoreEvent(state);
  }
}

type Watching = Extract<SyncPresent, { case: "initialLoading" | "ready" | "revalidating" }>;

function isWatching(present: SyncPresent): present is Watching {
  return present.case === "initialLoading" || present.case === "ready" || present.case === "revalidating";
}

/** From the cursor, where there is one. */
function load(state: SyncState, present: SyncPresent, wish: WatchWish): SyncStep {
  if (present.case === "initialLoading" || present.case === "errorBeforeFirstSuccess") return loadFirst(state, wish);
  return loadAgain(state, { ...wish, cursor: present.value.cursor });
}

function sync(state: SyncState, present: Watching, cursor: Uint8Array, nowMs: number): SyncStep {
  const { generation, memory } = present.value;
  const sinceMs = present.case === "ready" ? present.value.sinceMs : nowMs;
  if (present.case === "ready" && areEqual(present.value.cursor, cursor)) return takeStep(state);
  return takeStep({
    state: { case: "ready", value: { generation, sinceMs, cursor, memory: memory ?? freshSyncMemory } },
  });
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Everything is asked for; what is shown is kept, but for the pieces of a first load. Spec: SYNC-7. */
function expire(
  state: SyncState,
  present: Exclude<SyncPresent, { case: "errorBeforeFirstSuccess" }>,
  { nowMs, reason, epoch }: SyncEvent_CursorExpired,
): SyncStep {
  const known = present.value.memory ?? freshSyncMemory;
  const diverged = reason === CursorExpiry.DIVERGED;
  const divergence = { epoch, atMs: nowMs };
  const memory = diverged ? { ...known, divergence } : known;
  const wish = { nowMs, memory, diverged };
  return present.case === "initialLoading" ? loadFirst(state, wish) : loadAgain(state, wish);
}

/** A watch that was lost counts as a failure until the next one has lived. Spec: SYNC-6. */
function rememberStart(
  state: SyncState,
  memory: SyncMemory | undefined,
  trigger: SyncTrigger,
  nowMs: number,
  config: SyncConfig,
): SyncMemory {
  const known = memory ?? freshSyncMemory;
  const failures = isHealthy(state, nowMs, config) ? 0 : known.failures;
  const lost = trigger === SyncTrigger.WATCH_LOST ? 1 : 0;
  return failures + lost === known.failures ? known : { ...known, failures: failures + lost };
}

function vanish(state: SyncState, nowMs: number): SyncStep {
  const value = { generation: generationOf(state), sinceMs: nowMs };
  return takeStep({ state: { case: "gone", value } }, [...leaveState(state), ...forget()]);
}

function reset(state: SyncState): SyncStep {
  const next: SyncState = { state: { case: "idle", value: { generation: generationOf(state) } } };
  return takeStep(next, [...leaveState(state), ...forget()]);
}

function describeSync(state: SyncState): TransitionFacts {
  const generation = generationOf(state);
  if (state.state.case !== "errorBeforeFirstSuccess" && state.state.case !== "errorAfterReady") return { generation };
  const { failure } = state.state.value;
  if (failure === undefined) return { generation };
  return { generation, reason: describeFailure(failure), message: failure.message };
}

/** By the name that the host has for it, where it is the host's. */
function describeFailure({ reason, host }: SyncFailure): NonNullable<TransitionFacts["reason"]> {
  if (host === undefined) return { case: "syncFailure", value: reason };
  if (host.code === CloseCode.UNSPECIFIED) return { case: "hostError", value: host.reason };
  return { case: "closeCode", value: host.code };
}
