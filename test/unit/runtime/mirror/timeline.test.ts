import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import { TimelineCursorSchema } from "../../../../gen/moorline/agent/v1/timeline_service_pb.ts";
import { createAgentTimeline } from "../../../../src/runtime/mirror/create-agent-timeline.ts";
import type { SimulatedRandom } from "../../../../src/testing/index.ts";
import { SimulatedRandom as Chance } from "../../../../src/testing/index.ts";
import { wholeSave } from "../../../support/mirror-saves.ts";
import { FakeHost } from "./support/fake-host.ts";
import { ScriptedStorage } from "./support/scripted-storage.ts";
import { agentNotFound, TimelineStage, textOf } from "./support/timeline-stage.ts";

const range = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => `${from + i}`);

describe("createAgentTimeline: following", () => {
  it("opens with a page of the end, then watches from its cursor [MIRROR-7]", async () => {
    const stage = await (await TimelineStage.create(250)).start();
    expect([stage.state, stage.texts]).toEqual(["ready", range(151, 250)]);
    expect(stage.timeline.items.getSnapshot()).toMatchObject({ hasEarlier: true, earlier: "idle" });
    expect(stage.lists).toMatchObject([{ agentId: "agent", pageSize: 100, position: { case: undefined } }]);
    expect(stage.watches.map(({ cursor }) => cursor?.revision)).toEqual([250n]);
    await stage.append("251", "252");
    expect(stage.texts).toEqual(range(151, 252));
    expect(stage.host.log).toEqual(["sync_started initial_loading", "synced ready"]);
    expect(stage.host.transitions[0]?.subject).toBe("agent");
  });

  it("shows an empty timeline, and its first item [MIRROR-7]", async () => {
    const stage = await (await TimelineStage.create()).start();
    expect(stage.timeline.items.getSnapshot()).toEqual({ items: [], hasEarlier: false, earlier: "idle" });
    expect(stage.state).toBe("ready");
    await stage.append("1");
    expect(stage.texts).toEqual(["1"]);
  });

  it("lets texts grow, by bytes of UTF-8, without changing what was shown [MIRROR-4, MIRROR-7]", async () => {
    const stage = await (await TimelineStage.create(2)).start();
    const { items } = stage.timeline.items.getSnapshot();
    for (const text of ["⚓", "é", "!"]) await stage.settle(stage.log.appendText(1, text));
    expect(stage.texts).toEqual(["1⚓é!", "2"]);
    expect(items.map(textOf)).toEqual(["1", "2"]);
    expect(stage.timeline.items.getSnapshot().items[1]).toBe(items[1]);
    await stage.replace(1, "other");
    await stage.settle(stage.log.appendText(1, " text"));
    expect(stage.texts).toEqual(["other text", "2"]);
    expect(stage.timeline.items.getSnapshot()).toBe(stage.timeline.items.getSnapshot());
  });

  it("tells those who listen once for each piece, and not of marks [MIRROR-3]", async () => {
    const stage = await (await TimelineStage.create(1)).start();
    const [items, sync] = [vi.fn(), vi.fn()];
    stage.timeline.items.subscribe(items);
    stage.timeline.sync.subscribe(sync);
    await stage.append("2");
    await stage.settle(stage.log.appendText(2, "+"));
    expect(items).toHaveBeenCalledTimes(2);
    expect(sync).not.toHaveBeenCalled();
  });

  it("goes on from its last mark after the channel was lost, and shows nothing twice [MIRROR-6]", async () => {
    const stage = await (await TimelineStage.create(3)).start();
    await stage.append("4");
    await stage.host.clock.advanceAsync(5_000);
    stage.cut();
    await stage.append("5");
    expect(stage.watches.map(({ cursor }) => cursor?.revision)).toEqual([3n, 4n]);
    expect([stage.state, stage.texts]).toEqual(["ready", range(1, 5)]);
    expect(stage.lists).toHaveLength(1);
  });

  it("empties where the log is another one, and shows the end of that [MIRROR-7]", async () => {
    const stage = await (await TimelineStage.create(3)).start();
    await stage.host.clock.advanceAsync(5_000);
    await stage.forget();
    await stage.append(...range(11, 160));
    const lengths: number[] = [];
    stage.timeline.items.subscribe(() => lengths.push(stage.texts.length));
    stage.cut();
    await stage.host.clock.advanceAsync(5_000);
    expect([stage.state, stage.texts]).toEqual(["ready", range(61, 160)]);
    expect(lengths).toEqual([0, 100]);
    expect(stage.host.log).toContain("cursor_expired revalidating");
  });

  it("is gone when its agent is deleted [SYNC-8]", async () => {
    const stage = await (await TimelineStage.create(3)).start();
    await stage.host.clock.advanceAsync(5_000);
    stage.mood = agentNotFound;
    await stage.settle(stage.store.delete("agent"));
    expect([stage.state, stage.texts]).toEqual(["gone", []]);
    expect(stage.host.clock.pending).toBe(0);
  });

  it("shows no more than it may; the earliest items go [MIRROR-7]", async () => {
    const stage = await (await TimelineStage.create(0, { pageSize: 10, maxItems: 20 })).start();
    await stage.append(...range(1, 35));
    expect(stage.texts).toEqual(range(16, 35));
    expect(stage.timeline.items.getSnapshot().hasEarlier).toBe(true);
    await stage.replace(3, "not shown");
    expect(stage.texts).toEqual(range(16, 35));
  });

  it.each([{ pageSize: 0 }, { pageSize: 1_001 }, { pageSize: 1.5 }, { maxItems: 99 }, { maxItems: Number.NaN }])(
    "refuses the options %j",
    (options) => {
      expect(() => createAgentTimeline(new FakeHost(), "agent", options)).toThrow(
        expect.objectContaining({ code: "OPTION_INVALID" }),
      );
    },
  );
});

describe("createAgentTimeline: earlier items", () => {
  it("loads a page at a time, each once, up to the beginning [MIRROR-7]", async () => {
    const stage = await (await TimelineStage.create(25, { pageSize: 10 })).start();
    const shown = stage.timeline.items.getSnapshot().items;
    const both = [stage.timeline.loadEarlier(), stage.timeline.loadEarlier()];
    expect(stage.timeline.items.getSnapshot().earlier).toBe("loading");
    await stage.settle(Promise.all(both));
    expect(stage.lists).toHaveLength(2);
    expect(stage.timeline.items.getSnapshot()).toMatchObject({ hasEarlier: true, earlier: "idle" });
    expect(stage.timeline.items.getSnapshot().items.slice(10)).toEqual(shown);
    await stage.settle(stage.timeline.loadEarlier());
    expect([stage.texts, stage.timeline.items.getSnapshot().hasEarlier]).toEqual([range(1, 25), false]);
    await stage.settle(stage.timeline.loadEarlier());
    expect(stage.lists).toHaveLength(3);
  });

  it("merges a page with what happened while it was on its way: the higher revision counts [MIRROR-7]", async () => {
    const stage = await (await TimelineStage.create(25, { pageSize: 10 })).start();
    let open = (): void => {};
    stage.gate = new Promise((resolve) => {
      open = resolve;
    });
    const loading = stage.timeline.loadEarlier();
    await stage.replace(10, "new ten");
    await stage.replace(20, "new twenty");
    stage.gate = Promise.resolve();
    open();
    await stage.settle(loading);
    expect(stage.texts).toEqual([...range(6, 9), "new ten", ...range(11, 19), "new twenty", ...range(21, 25)]);
    // The page was older than what was heard of: it was asked for once more.
    expect(stage.lists).toHaveLength(3);
  });

  it("drops a page of what was shown before [SYNC-10]", async () => {
    const stage = await (await TimelineStage.create(25, { pageSize: 10 })).start();
    await stage.host.clock.advanceAsync(5_000);
    let open = (): void => {};
    stage.gate = new Promise((resolve) => {
      open = resolve;
    });
    const loading = stage.timeline.loadEarlier();
    await stage.forget();
    stage.gate = Promise.resolve();
    stage.cut();
    await stage.host.clock.advanceAsync(5_000);
    open();
    await stage.settle(loading);
    expect(stage.texts).toEqual([]);
    expect(stage.timeline.items.getSnapshot()).toEqual({ items: [], hasEarlier: false, earlier: "idle" });
  });

  it("says why a page could not be had, and tries again when it is told to [MIRROR-7]", async () => {
    const stage = await (await TimelineStage.create(25, { pageSize: 10 })).start();
    const error = new ConnectError("not now", Code.Unavailable);
    stage.mood = error;
    await stage.settle(stage.timeline.loadEarlier());
    expect(stage.timeline.items.getSnapshot().earlier).toEqual({ failed: error });
    stage.mood = "answering";
    await stage.settle(stage.timeline.loadEarlier());
    expect([stage.timeline.items.getSnapshot().earlier, stage.texts.length]).toEqual(["idle", 20]);
  });

  it("begins anew where the daemon has another log meanwhile [MIRROR-7]", async () => {
    const stage = await (await TimelineStage.create(25, { pageSize: 10 })).start();
    stage.store.close();
    await stage.forget();
    await stage.append("a", "b");
    stage.mood = "answering";
    await stage.settle(stage.timeline.loadEarlier());
    await stage.host.clock.advanceAsync(5_000);
    expect([stage.state, stage.texts, stage.timeline.items.getSnapshot().earlier]).toEqual([
      "ready",
      ["a", "b"],
      "idle",
    ]);
  });

  it("does not begin anew because of what was asked of the log before [SYNC-10]", async () => {
    const stage = await (await TimelineStage.create(25, { pageSize: 10 })).start();
    await stage.host.clock.advanceAsync(5_000);
    await stage.forget();
    let open = (): void => {};
    stage.gate = new Promise((resolve) => {
      open = resolve;
    });
    const loading = stage.timeline.loadEarlier();
    stage.gate = Promise.resolve();
    stage.cut();
    await stage.host.clock.advanceAsync(5_000);
    expect(stage.state).toBe("ready");
    const log = stage.host.log.slice();
    open();
    await stage.settle(loading);
    expect(stage.host.log).toEqual(log);
    expect(stage.timeline.items.getSnapshot().earlier).toBe("idle");
  });

  it("loads none that it could not show [MIRROR-7]", async () => {
    const stage = await (await TimelineStage.create(25, { pageSize: 10, maxItems: 15 })).start();
    await stage.settle(stage.timeline.loadEarlier());
    const { earlier } = stage.timeline.items.getSnapshot();
    expect(earlier).toMatchObject({ failed: { code: "TIMELINE_WINDOW_FULL" } });
    expect(stage.lists).toHaveLength(1);
  });

  it("waits for none when it is stopped [MIRROR-12]", async () => {
    const stage = await (await TimelineStage.create(25, { pageSize: 10 })).start();
    stage.gate = new Promise(() => {});
    void stage.timeline.loadEarlier();
    stage.timeline.stop();
    await stage.host.settle();
    expect(stage.timeline.items.getSnapshot().earlier).toBe("idle");
    expect(stage.texts).toHaveLength(10);
    await stage.timeline.loadEarlier();
    expect(stage.lists).toHaveLength(2);
  });
});

describe("createAgentTimeline: kept in a storage", () => {
  it("shows its end before any call is answered, then what is new [MIRROR-1, MIRROR-9]", async () => {
    const storage = new ScriptedStorage();
    const stage = await (await TimelineStage.create(250, {}, storage)).start();
    await stage.append("251");
    await stage.settle(stage.log.appendText(251, "!"));
    await stage.host.clock.advanceAsync(2_000);
    expect(storage.saves.map(({ upserted }) => upserted.length)).toEqual([100, 1]);
    stage.timeline.stop();
    await stage.append("252");
    const next = createAgentTimeline(stage.host, "agent");
    const seen: string[] = [];
    next.items.subscribe(() => seen.push(`${next.items.getSnapshot().items.length} ${stage.watches.length}`));
    next.start();
    await stage.host.settle();
    expect(seen).toEqual(["101 1", "102 2"]);
    expect(next.items.getSnapshot().hasEarlier).toBe(true);
    expect(next.items.getSnapshot().items.map(textOf)).toEqual([...range(151, 250), "251!", "252"]);
    expect(stage.lists).toHaveLength(1);
  });

  it("takes everything anew where its cursor is from the future, and shows nothing twice [MIRROR-7]", async () => {
    const storage = new ScriptedStorage();
    const stage = await (await TimelineStage.create(3, {}, storage)).start();
    await stage.host.clock.advanceAsync(2_000);
    stage.timeline.stop();
    const key = "test/server/ref/timeline/agent";
    const stored = await storage.inner.load(key);
    const cursor = fromBinary(TimelineCursorSchema, stored?.cursor ?? new Uint8Array());
    const future = toBinary(TimelineCursorSchema, { ...cursor, revision: 99n });
    await storage.inner.save(key, wholeSave(future, stored?.entries));
    const next = createAgentTimeline(stage.host, "agent");
    next.start();
    await stage.host.settle();
    expect(stage.watches.map(({ cursor }) => cursor?.revision)).toContain(99n);
    await stage.append("4");
    await stage.host.clock.advanceAsync(10_000);
    expect(next.items.getSnapshot().items.map(textOf)).toEqual(["1", "2", "3", "4"]);
    expect(next.sync.getSnapshot().state.case).toBe("ready");
  });

  it("saves no change upon what another tab has kept that shows more, or less, at the same cursor [MIRROR-8]", async () => {
    const storage = new ScriptedStorage();
    const stage = await (await TimelineStage.create(25, { pageSize: 10 }, storage)).start();
    const other = createAgentTimeline(stage.host, "agent", { pageSize: 10 });
    other.start();
    await stage.host.clock.advanceAsync(2_000);
    await stage.settle(other.loadEarlier());
    await stage.append("26");
    await stage.host.clock.advanceAsync(2_000);
    await stage.replace(8, "new eight");
    await stage.host.clock.advanceAsync(2_000);
    await Promise.all([stage.timeline.stop(), other.stop()]);
    const next = createAgentTimeline(stage.host, "agent");
    next.start();
    await stage.host.settle();
    const log = [...range(1, 7), "new eight", ...range(9, 26)];
    const shown = next.items.getSnapshot().items.map(textOf);
    expect(shown).toEqual(log.slice(-shown.length));
    expect(stage.watches.every(({ cursor }) => cursor?.$unknown === undefined)).toBe(true);
  });

  it("keeps its last 1,000 items only [MIRROR-9]", async () => {
    const storage = new ScriptedStorage();
    const stage = await (await TimelineStage.create(5, {}, storage)).start();
    await stage.append(...range(6, 900));
    await stage.host.clock.advanceAsync(2_000);
    await stage.append(...range(901, 1_100));
    await stage.host.clock.advanceAsync(2_000);
    await stage.append(...range(1_101, 5_000));
    await stage.host.clock.advanceAsync(2_000);
    const stored = await storage.inner.load("test/server/ref/timeline/agent");
    const seqs = stored?.entries.map(({ id }) => Number(id)).sort((a, b) => a - b) ?? [];
    expect([seqs.length, seqs[0], seqs.at(-1)]).toEqual([1_000, 4_001, 5_000]);
    expect(storage.saves.map(({ removed }) => removed.length)).toEqual([0, 0, 100, 0]);
  });

  it("keeps no item without those after it, also of earlier pages [MIRROR-9]", async () => {
    const storage = new ScriptedStorage();
    const stage = await (await TimelineStage.create(25, { pageSize: 10 }, storage)).start();
    await stage.host.clock.advanceAsync(2_000);
    await stage.settle(stage.timeline.loadEarlier());
    await stage.append("26");
    await stage.replace(8, "new eight");
    await stage.host.clock.advanceAsync(2_000);
    await stage.timeline.stop();
    const next = createAgentTimeline(stage.host, "agent");
    next.start();
    await stage.host.settle();
    expect(next.items.getSnapshot().items.map(textOf)).toEqual([...range(6, 7), "new eight", ...range(9, 26)]);
  });
});

describe("createAgentTimeline: whatever happens", () => {
  it.each(range(1, 12).map(Number))("shows what the log has, seed %i [MIRROR-7]", async (seed) => {
    const random: SimulatedRandom = new Chance(seed);
    const stage = await (await TimelineStage.create(30, { pageSize: 7 }, new ScriptedStorage())).start();
    for (let step = 0; step < 60; step += 1) {
      const act = random.pick([
        "append",
        "append",
        "grow",
        "grow",
        "replace",
        "cut",
        "earlier",
        "wait",
        "refresh",
        "stop",
      ]);
      const seq = 1 + random.int(stage.log.lastSeq);
      if (act === "append") await stage.append(...range(1, 1 + random.int(4)));
      if (act === "grow") await stage.settle(stage.log.appendText(seq, random.pick(["é", "⚓", "x"])));
      if (act === "replace") await stage.replace(seq, `replaced ${step}`);
      if (act === "cut") stage.cut();
      if (act === "earlier") void stage.timeline.loadEarlier();
      if (act === "refresh") stage.timeline.refresh();
      if (act === "wait") await stage.host.clock.advanceAsync(random.int(4_000));
      if (act === "stop") {
        stage.timeline.stop();
        stage.timeline.start();
      }
    }
    await stage.host.clock.advanceAsync(60_000);
    while (stage.timeline.items.getSnapshot().hasEarlier) await stage.settle(stage.timeline.loadEarlier());
    const { items } = stage.log.page({ afterSeq: 0, maxRows: 1_000 });
    expect(stage.state).toBe("ready");
    expect(stage.timeline.items.getSnapshot().items.map(({ seq, revision }) => `${seq}@${revision}`)).toEqual(
      items.map(({ seq, revision }) => `${seq}@${revision}`),
    );
    expect(stage.texts).toEqual(items.map(({ text }) => new TextDecoder().decode(text)));
  });
});
