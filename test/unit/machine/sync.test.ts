import { describe, expect, it } from "vitest";
import type { SyncEffect, SyncEvent, SyncState } from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import { CursorExpiry, SyncTrigger } from "../../../gen/moorline/machine/v1/sync_pb.ts";
import { SyncPhase } from "../../../gen/moorline/state/v1/phase_pb.ts";
import { SyncFailureReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import {
  cursorOf,
  defaultSyncConfig,
  hasEverLoaded,
  initialSyncState,
  isInitialLoad,
  isLoading,
  isResynced,
  isRevalidating,
  isRewatched,
  isStale,
  syncMachine,
  syncPhase,
  transitionSync,
} from "../../../src/machine/sync.ts";
import { syncEvent } from "./machine-data.ts";
import { ServerDriver } from "./server-driver.ts";

type Driver = ServerDriver<SyncState, SyncEvent, SyncEffect>;

function newMirror(): Driver {
  const start = { state: initialSyncState(), effects: [], ignored: false };
  return new ServerDriver(start, (state, event) => transitionSync(state, event, defaultSyncConfig));
}

const CURSOR = Uint8Array.of(1);
const started = (nowMs: number, trigger: SyncTrigger = SyncTrigger.REQUESTED, generation?: number): SyncEvent =>
  syncEvent({
    case: "syncStarted",
    value: { nowMs, trigger, ...(generation === undefined ? {} : { generation }) },
  });
const synced = (generation: number, nowMs: number, cursor = CURSOR): SyncEvent =>
  syncEvent({ case: "synced", value: { generation, nowMs, cursor } });
const failed = (
  generation: number,
  nowMs: number,
  reason: SyncFailureReason = SyncFailureReason.UNAVAILABLE,
): SyncEvent =>
  syncEvent({ case: "syncFailed", value: { generation, nowMs, unitRandom: 0.5, reason, message: "why" } });
const expired = (nowMs: number, reason: CursorExpiry, epoch = ""): SyncEvent =>
  syncEvent({ case: "cursorExpired", value: { nowMs, reason, epoch } });
const restored = syncEvent({ case: "restored", value: { nowMs: 5, cursor: CURSOR } });
const notFound = syncEvent({ case: "notFound", value: { nowMs: 9 } });
const reset = syncEvent({ case: "reset", value: {} });

describe("transitionSync: before the first success", () => {
  it("opens a watch without a cursor, and drops what an unfinished load has shown [SYNC-1] [RUN-3]", () => {
    const driver = newMirror().give(started(1));
    expect(driver.phase).toBe("initialLoading");
    expect(driver.did).toEqual(["openWatch generation=1 cursor= diverged=false"]);
    driver.give(started(2));
    expect(driver.did).toEqual([
      "cancelWatch generation=1",
      "dropData",
      "openWatch generation=2 cursor= diverged=false",
    ]);
  });

  it("fails without data, waits longer each time, and begins again when the wait is over [SYNC-4] [SYNC-5]", () => {
    const driver = newMirror().give(started(0), failed(1, 100));
    expect(driver.data).toMatchObject({ memory: { failures: 1 }, retryAtMs: 600, failure: { message: "why" } });
    expect(driver.did).toEqual(["cancelWatch generation=1", "dropData", "startTimer generation=1 atMs=600"]);
    driver.give(failed(1, 200));
    expect(driver.data).toMatchObject({ memory: { failures: 2 }, retryAtMs: 1_200 });
    expect(driver.did).toEqual(["cancelTimer", "startTimer generation=1 atMs=1200"]);
    driver.give(started(1_200, SyncTrigger.RETRY_DUE, 1));
    expect(driver.phase).toBe("initialLoading");
    expect(driver.data).toMatchObject({ memory: { failures: 2 } });
    expect(driver.give(started(1_300, SyncTrigger.RETRY_DUE, 1)).ignored).toBe(true);
  });

  it.each([
    SyncFailureReason.PERMISSION_DENIED,
    SyncFailureReason.UNAUTHENTICATED,
    SyncFailureReason.UNIMPLEMENTED,
    SyncFailureReason.REFUSED,
  ])("does not try again by itself after reason %i [SYNC-5]", (reason) => {
    const driver = newMirror().give(started(0), failed(1, 100, reason));
    expect(driver.data).not.toHaveProperty("retryAtMs");
    expect(driver.did).toEqual(["cancelWatch generation=1", "dropData"]);
    expect(driver.give(started(200)).phase).toBe("initialLoading");
  });

  it("shows what came from a storage, and asks for what is new [SYNC-3]", () => {
    const driver = newMirror().give(restored);
    expect(driver.phase).toBe("revalidating");
    expect(driver.did).toEqual(["openWatch generation=1 cursor=1 diverged=false"]);
    expect(driver.give(restored).ignored).toBe(true);
    expect(driver.give(failed(1, 10)).phase).toBe("errorAfterReady");
  });
});

describe("transitionSync: after the first success", () => {
  it("keeps the cursor of the last mark, and is the very same where a mark has none that is new [SYNC-4] [RUN-1]", () => {
    const driver = newMirror().give(started(0), synced(1, 50));
    expect(driver.data).toMatchObject({ sinceMs: 50, cursor: CURSOR });
    const { state } = driver;
    expect(driver.give(synced(1, 60)).state).toBe(state);
    expect(driver.give(synced(1, 70, Uint8Array.of(2))).data).toMatchObject({ sinceMs: 50, cursor: Uint8Array.of(2) });
  });

  it("watches again from its cursor, and keeps what is shown [SYNC-2]", () => {
    const driver = newMirror().give(started(0), synced(1, 50), started(60));
    expect(driver.phase).toBe("revalidating");
    expect(driver.did).toEqual(["cancelWatch generation=1", "openWatch generation=2 cursor=1 diverged=false"]);
    driver.give(failed(2, 70), started(80));
    expect(driver.did).toEqual(["cancelTimer", "openWatch generation=3 cursor=1 diverged=false"]);
  });

  it("counts a watch that is lost before it has lived for a second [SYNC-6]", () => {
    const driver = newMirror().give(started(0), synced(1, 50));
    expect(isRewatched(driver.state, 60)).toBe(true);
    driver.give(started(60, SyncTrigger.WATCH_LOST, 1), synced(2, 70));
    expect(isRewatched(driver.state, 80)).toBe(false);
    expect(isRewatched(driver.state, 1_070)).toBe(true);
    expect(driver.give(failed(2, 80)).data).toMatchObject({ memory: { failures: 2 } });
    const healthy = newMirror().give(started(0), synced(1, 50), started(1_050, SyncTrigger.WATCH_LOST, 1));
    expect(healthy.data).toMatchObject({ memory: { failures: 1 } });
    expect(newMirror().give(started(0), synced(1, 50), failed(1, 5_000)).data).toMatchObject({
      memory: { failures: 1 },
    });
  });

  it("asks for everything where the cursor is of no use, and says so where it has diverged [SYNC-7]", () => {
    const driver = newMirror().give(started(0), synced(1, 50), expired(60, CursorExpiry.FILTER_CHANGED));
    expect(driver.did).toEqual(["cancelWatch generation=1", "openWatch generation=2 cursor= diverged=false"]);
    expect(isResynced(driver.state, "e", 70)).toBe(true);
    driver.give(expired(70, CursorExpiry.DIVERGED, "e"));
    expect(driver.did).toEqual(["cancelWatch generation=2", "openWatch generation=3 cursor= diverged=true"]);
    driver.give(synced(3, 80));
    expect(isResynced(driver.state, "e", 600_069)).toBe(false);
    expect(isResynced(driver.state, "e", 600_070)).toBe(true);
    expect(isResynced(driver.state, "f", 80)).toBe(true);
    expect(isResynced(initialSyncState(), "f", 80)).toBe(false);
  });

  it("forgets everything where there is no such thing, and when it is told to [SYNC-8] [SYNC-9]", () => {
    const driver = newMirror().give(started(0), synced(1, 50), notFound);
    expect(driver.phase).toBe("gone");
    expect(driver.did).toEqual(["cancelWatch generation=1", "dropData", "forgetStored"]);
    expect(driver.give(synced(1, 60), failed(1, 60), expired(60, 1), notFound).ignored).toBe(true);
    expect(driver.give(reset).did).toEqual(["dropData", "forgetStored"]);
    expect(driver.phase).toBe("idle");
    expect(driver.give(started(70)).data).toMatchObject({ generation: 2 });
  });

  it("ignores what belongs to another generation [SYNC-10] [RUN-4]", () => {
    const driver = newMirror().give(started(0), synced(1, 50), started(60));
    for (const event of [synced(1, 70), failed(1, 70), started(70, SyncTrigger.WATCH_LOST, 1), synced(3, 70)]) {
      expect(driver.give(event).ignored).toBe(true);
    }
    expect(syncMachine.describe(driver.state, synced(2, 1))).toEqual({ generation: 2 });
  });
});

describe("the selectors of a mirror", () => {
  it.each<[SyncPhase, readonly SyncEvent[], string]>([
    [SyncPhase.IDLE, [], ""],
    [SyncPhase.INITIAL_LOADING, [started(0)], "loading initial"],
    [SyncPhase.READY, [started(0), synced(1, 1)], "loaded"],
    [SyncPhase.REVALIDATING, [started(0), synced(1, 1), started(2)], "loading revalidating loaded stale"],
    [SyncPhase.ERROR_BEFORE_FIRST_SUCCESS, [started(0), failed(1, 1)], ""],
    [SyncPhase.ERROR_AFTER_READY, [started(0), synced(1, 1), failed(1, 2)], "loaded stale"],
    [SyncPhase.GONE, [notFound], ""],
  ])("derive all of phase %i from the state [SYNC-11] [INV-6]", (phase, events, expected) => {
    const { state } = newMirror().give(...events);
    const words = [
      isLoading(state) && "loading",
      isInitialLoad(state) && "initial",
      isRevalidating(state) && "revalidating",
      hasEverLoaded(state) && "loaded",
      isStale(state) && "stale",
    ];
    expect(words.filter((word) => word !== false).join(" ")).toBe(expected);
    expect(syncPhase(state)).toBe(phase);
    expect(cursorOf(state)).toHaveLength(hasEverLoaded(state) ? 1 : 0);
  });
});
