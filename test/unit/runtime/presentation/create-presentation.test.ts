import { describe, expect, it } from "vitest";
import type { HostState } from "../../../../gen/moorline/machine/v1/host_moorline.ts";
import type { SyncState } from "../../../../gen/moorline/machine/v1/sync_moorline.ts";
import { Presentation, PresentationSchema } from "../../../../gen/moorline/state/v1/presentation_pb.ts";
import { createPresentation } from "../../../../src/runtime/presentation/create-presentation.ts";
import { SimulatedClock } from "../../../../src/testing/simulated-clock.ts";
import { hostIn, ManualSource, syncIn } from "../support.ts";

function stage(sync: SyncState, host: HostState = hostIn("online")) {
  const clock = new SimulatedClock();
  const sources = {
    sync: new ManualSource(sync),
    host: new ManualSource({ host, serverId: "S", sessionRef: "R" }),
    isOptimistic: new ManualSource(false),
  };
  const log: string[] = [];
  const errors: unknown[] = [];
  const presentation = createPresentation({
    ...sources,
    clock,
    onTransition: ({ machine, serverId, from, event, to }) => log.push(`${machine} ${serverId} ${from} ${event} ${to}`),
    onError: (error) => errors.push(error),
  });
  const shown: string[] = [];
  const show = (): void => void shown.push(PresentationSchema.value[presentation.getSnapshot()]?.localName ?? "");
  return { clock, ...sources, presentation, log, errors, shown, show };
}

describe("createPresentation: nobody subscribes", () => {
  it("has no timer and listens to nothing, and says what the situation is [PRESENT-6]", () => {
    const { presentation, clock, sync, host } = stage(syncIn("initialLoading"));
    expect(presentation.getSnapshot()).toBe(Presentation.OVERLAY);
    sync.set(syncIn("errorAfterReady"));
    expect(presentation.getSnapshot()).toBe(Presentation.ERROR_BADGE);
    sync.set(syncIn("revalidating"));
    expect(presentation.getSnapshot()).toBe(Presentation.NONE);
    expect([clock.pending, sync.listeners, host.listeners]).toEqual([0, 0, 0]);
  });
});

describe("createPresentation: somebody subscribes", () => {
  it("shows the overlay of a first open, and never a toast in it [PRESENT-2] [PRESENT-3]", () => {
    const { presentation, clock, sync, show, shown } = stage(syncIn("initialLoading"));
    presentation.subscribe(show);
    clock.advance(60_000);
    expect(presentation.getSnapshot()).toBe(Presentation.OVERLAY);
    sync.set(syncIn("ready"));
    expect(shown).toEqual(["NONE"]);
  });

  it("shows a toast 500 ms after a refresh has begun, until it is over [PRESENT-3]", () => {
    const { presentation, clock, sync, show, shown } = stage(syncIn("ready", 1));
    presentation.subscribe(show);
    sync.set(syncIn("revalidating", 2));
    clock.advance(499);
    expect(shown).toEqual([]);
    clock.advance(1);
    expect(shown).toEqual(["TOAST"]);
    sync.set(syncIn("revalidating", 3));
    clock.advance(10_000);
    expect(shown).toEqual(["TOAST"]);
    sync.set(syncIn("ready", 3));
    expect(shown).toEqual(["TOAST", "NONE"]);
    expect(clock.pending).toBe(0);
  });

  it("shows no toast for a refresh that is over in time, and tells nobody of it [PRESENT-3]", () => {
    const { presentation, clock, sync, show, shown } = stage(syncIn("ready", 1));
    presentation.subscribe(show);
    sync.set(syncIn("revalidating", 2));
    clock.advance(400);
    sync.set(syncIn("ready", 2));
    clock.advance(10_000);
    expect(shown).toEqual([]);
  });

  it("shows the toast of a refresh once, also where the connection was lost meanwhile [PRESENT-4]", () => {
    const { presentation, clock, sync, host, show, shown } = stage(syncIn("revalidating", 2));
    presentation.subscribe(show);
    clock.advance(500);
    host.set({ host: hostIn("degraded"), serverId: "S", sessionRef: "R" });
    host.set({ host: hostIn("online"), serverId: "S", sessionRef: "R" });
    clock.advance(10_000);
    expect(shown).toEqual(["TOAST", "RECONNECTING_BADGE", "NONE"]);
    sync.set(syncIn("revalidating", 3));
    clock.advance(500);
    expect(shown).toEqual(["TOAST", "RECONNECTING_BADGE", "NONE", "TOAST"]);
  });

  it("shows an interruption like online, and a badge when it lasts [PRESENT-1]", () => {
    const { presentation, host, show, shown } = stage(syncIn("ready"));
    presentation.subscribe(show);
    host.set({ host: hostIn("interrupted"), serverId: "S", sessionRef: "R" });
    expect(shown).toEqual([]);
    host.set({ host: hostIn("degraded"), serverId: "S", sessionRef: "R" });
    expect(shown).toEqual(["RECONNECTING_BADGE"]);
  });

  it("shows nothing while the creation is under way, then what there is to show [PRESENT-2]", () => {
    const { presentation, sync, isOptimistic, show, shown } = stage(syncIn("ready"));
    presentation.subscribe(show);
    isOptimistic.set(true);
    sync.set(syncIn("gone"));
    expect(shown).toEqual([]);
    isOptimistic.set(false);
    expect(shown).toEqual(["NOT_FOUND"]);
  });

  it("goes on with what was shown, and was waited for, when somebody subscribes again [PRESENT-5]", () => {
    const { presentation, clock, show } = stage(syncIn("revalidating", 2));
    presentation.subscribe(show)();
    expect(clock.pending).toBe(0);
    clock.advance(300);
    const leave = presentation.subscribe(show);
    clock.advance(200);
    expect(presentation.getSnapshot()).toBe(Presentation.TOAST);
    leave();
    expect(presentation.getSnapshot()).toBe(Presentation.TOAST);
    presentation.subscribe(show);
    expect(presentation.getSnapshot()).toBe(Presentation.TOAST);
  });

  it("listens as long as anybody does, counting each subscription once [PRESENT-6]", () => {
    const { presentation, sync, host, isOptimistic, show, shown } = stage(syncIn("ready"));
    const leaves = [presentation.subscribe(show), presentation.subscribe(show)];
    expect(sync.listeners).toBe(1);
    leaves[0]?.();
    leaves[0]?.();
    sync.set(syncIn("gone"));
    expect(shown).toEqual(["NOT_FOUND"]);
    leaves[1]?.();
    expect([sync.listeners, host.listeners, isOptimistic.listeners]).toEqual([0, 0, 0]);
  });

  it("goes on where a listener throws, and logs what its machine does [LOG-1]", () => {
    const { presentation, sync, show, shown, errors, log } = stage(syncIn("ready"));
    presentation.subscribe(() => {
      throw new Error("listener");
    });
    presentation.subscribe(show);
    sync.set(syncIn("gone"));
    expect(shown).toEqual(["NOT_FOUND"]);
    expect(errors).toEqual([expect.objectContaining({ message: "listener" })]);
    expect(log).toEqual(["presentation S unwatched observed settled", "presentation S settled observed settled"]);
  });
});

describe("createPresentation: disposed", () => {
  it("lets go of everything, tells nobody, and takes no listener any more [PRESENT-6]", () => {
    const { presentation, clock, sync, host, show, shown } = stage(syncIn("revalidating", 2));
    const leave = presentation.subscribe(show);
    presentation.dispose();
    expect([clock.pending, sync.listeners, host.listeners]).toEqual([0, 0, 0]);
    presentation.subscribe(show)();
    presentation.dispose();
    leave();
    clock.advance(1_000);
    expect([shown, sync.listeners, presentation.getSnapshot()]).toEqual([[], 0, Presentation.NONE]);
  });
});
