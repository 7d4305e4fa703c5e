import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { AgentSchema, AgentStatus } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import { DirectoryCursorSchema } from "../../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { MAX_KEPT_MIRRORS } from "../../../../src/runtime/mirror/mirror-keeper.ts";
import type { StoredMirror } from "../../../../src/runtime/storage/mirror-storage.ts";
import { wholeSave } from "../../../support/mirror-saves.ts";
import { sampleAgent } from "./support/agents.ts";
import { DirectoryStage } from "./support/directory-stage.ts";
import { ScriptedStorage } from "./support/scripted-storage.ts";

/** A program that was started again, on the storage and the daemon of the one before. */
function startAgain(before: DirectoryStage, storage: ScriptedStorage): DirectoryStage {
  before.directory.stop();
  const stage = new DirectoryStage({}, storage);
  stage.collection = before.collection;
  return stage;
}

/** A directory that has loaded two agents and saved them. */
async function stageKept(): Promise<{ readonly stage: DirectoryStage; readonly storage: ScriptedStorage }> {
  const storage = new ScriptedStorage();
  const stage = new DirectoryStage({}, storage);
  stage.put(sampleAgent("a", 1), sampleAgent("b", 2));
  await stage.start();
  return { stage, storage };
}

const [KEY] = ["test/server/ref/agents/"];
const revisionOf = (cursor: Uint8Array | undefined): bigint =>
  fromBinary(DirectoryCursorSchema, cursor ?? new Uint8Array()).revision;

describe("a directory with a storage: starting again", () => {
  it("shows its list before any call is answered, and takes only what is new [MIRROR-1, SYNC-3]", async () => {
    const { stage, storage } = await stageKept();
    const next = startAgain(stage, storage);
    next.mood = "silent";
    await next.start();
    expect([next.state, next.titles]).toEqual(["revalidating", ["title of b", "title of a"]]);
    expect(next.requests.map(({ cursor }) => cursor?.revision)).toEqual([2n]);
    next.mood = "answering";
    next.put(sampleAgent("c", 3));
    next.collection.delete("a");
    next.directory.refresh();
    await next.host.settle();
    expect([next.state, next.titles]).toEqual(["ready", ["title of c", "title of b"]]);
    expect(next.directory.metrics).toMatchObject({ snapshots: 0, divergences: 0 });
    expect(next.host.errors).toEqual([]);
  });

  it("asks nobody before the storage has answered, and keeps nothing back for ever [MIRROR-1, MIRROR-10]", async () => {
    const { stage, storage } = await stageKept();
    const next = startAgain(stage, storage);
    storage.faults.load = "hangs";
    next.directory.start();
    await next.host.clock.advanceAsync(1_999);
    expect(next.requests).toEqual([]);
    await next.host.clock.advanceAsync(1);
    expect([next.state, next.titles.length]).toEqual(["ready", 2]);
    expect(next.host.errors.map(({ code }) => code)).toEqual(["STORAGE_TIMED_OUT"]);
  });

  it("shows what it had until the mark of a snapshot, after a restart of the daemon [MIRROR-2]", async () => {
    const { stage, storage } = await stageKept();
    const next = startAgain(stage, storage);
    next.collection = new DirectoryStage().collection;
    next.put(sampleAgent("x"), sampleAgent("b", 2));
    const seen: string[] = [];
    next.directory.agents.subscribe(() => seen.push(next.titles.join()));
    await next.start();
    expect(seen).toEqual(["title of b,title of a", "title of b,title of x"]);
    expect(next.state).toBe("ready");
  });

  it("is answered with a snapshot where its cursor is from the future, and shows what it had until then [MIRROR-2]", async () => {
    const { stage, storage } = await stageKept();
    const key = (await storage.inner.list())[0] ?? "";
    const stored = await storage.inner.load(key);
    const cursor = fromBinary(DirectoryCursorSchema, stored?.cursor ?? new Uint8Array());
    const future = toBinary(DirectoryCursorSchema, { ...cursor, revision: 99n });
    await storage.inner.save(key, wholeSave(future, stored?.entries));
    const next = startAgain(stage, storage);
    await next.start();
    expect(next.requests[0]?.cursor?.revision).toBe(99n);
    expect(next.directory.metrics.snapshots).toBe(1);
    expect([next.state, next.titles.length]).toEqual(["ready", 2]);
  });

  it.each<[string, Uint8Array | undefined, Uint8Array]>([
    ["an entry that is no agent", undefined, Uint8Array.of(0xff)],
    ["an agent under another id", undefined, toBinary(AgentSchema, sampleAgent("z"))],
    ["a cursor that is none", Uint8Array.of(0xff), toBinary(AgentSchema, sampleAgent("a"))],
  ])("drops %s, tells it once, and loads everything [MIRROR-10]", async (_name, cursor, bytes) => {
    const { stage, storage } = await stageKept();
    const key = (await storage.inner.list())[0] ?? "";
    const stored = await storage.inner.load(key);
    const upserted = [{ id: "a", revision: 1, bytes }];
    await storage.inner.save(key, wholeSave(cursor ?? stored?.cursor ?? bytes, upserted));
    const next = startAgain(stage, storage);
    await next.start();
    expect(next.host.errors.map(({ code }) => code)).toEqual(["STORAGE_CORRUPT"]);
    expect(storage.calls).toContain(`delete ${key}`);
    expect([next.state, next.titles.length]).toEqual(["ready", 2]);
    expect(next.requests[0]?.cursor).toBeUndefined();
    await next.host.clock.advanceAsync(2_000);
    expect((await storage.inner.load(key))?.entries).toHaveLength(2);
  });

  it.each<[string, (stored: StoredMirror) => unknown]>([
    ["null", () => null],
    ["a text", () => "mirror"],
    ["no entries", ({ cursor }) => ({ cursor })],
    ["no cursor", ({ entries }) => ({ entries })],
    ["an entry that is none", ({ cursor }) => ({ cursor, entries: [undefined] })],
    ["an entry without bytes", ({ cursor }) => ({ cursor, entries: [{ id: "a", revision: 1 }] })],
    [
      "a revision that is no number",
      ({ cursor, entries }) => ({ cursor, entries: entries.map((entry) => ({ ...entry, revision: "1" })) }),
    ],
    [
      "a revision that is NaN",
      ({ cursor, entries }) => ({ cursor, entries: entries.map((entry) => ({ ...entry, revision: Number.NaN })) }),
    ],
  ])(
    "drops what a storage gives in another form, %s, tells it once, and loads everything [MIRROR-10]",
    async (_name, bend) => {
      const { stage, storage } = await stageKept();
      const { load } = storage.inner;
      Object.assign(storage.inner, {
        load: async (key: string) => bend((await load.call(storage.inner, key)) as StoredMirror),
      });
      const next = startAgain(stage, storage);
      await next.start();
      expect(next.host.errors.map(({ code }) => code)).toEqual(["STORAGE_CORRUPT"]);
      expect([next.state, next.titles.length]).toEqual(["ready", 2]);
      expect(next.requests[0]?.cursor).toBeUndefined();
    },
  );

  it("takes a new load where what was stored is whole, and yet another than it was [MIRROR-5, SYNC-7]", async () => {
    const { stage, storage } = await stageKept();
    const { load } = storage.inner;
    const lose = (stored: StoredMirror): StoredMirror => ({ ...stored, entries: stored.entries.slice(1) });
    Object.assign(storage.inner, {
      load: async (key: string) => lose((await load.call(storage.inner, key)) as StoredMirror),
    });
    const next = startAgain(stage, storage);
    await next.start();
    await next.host.clock.advanceAsync(60_000);
    expect([next.state, next.titles.length, next.directory.metrics.divergences]).toEqual(["ready", 2, 1]);
    expect(next.requests.map(({ diverged }) => diverged)).toEqual([false, true]);
  });

  it("keeps nothing that was forgotten while it was still being saved [MIRROR-12]", async () => {
    let open = (): void => {};
    const storage = new ScriptedStorage();
    storage.gate = new Promise((resolve) => {
      open = resolve;
    });
    const stage = new DirectoryStage({}, storage);
    stage.put(sampleAgent("a", 1));
    await stage.start();
    expect(storage.saves).toHaveLength(1);
    const stopped = [stage.directory.stop(), stage.directory.stop({ reset: true })];
    open();
    await stage.host.settle();
    await Promise.all(stopped);
    expect(await storage.inner.list()).toEqual([]);
  });

  it("is not touched by an answer of a storage that comes after its end [SYNC-10]", async () => {
    const { stage, storage } = await stageKept();
    const next = startAgain(stage, storage);
    next.directory.start();
    next.directory.stop();
    await next.host.settle();
    expect([next.state, next.titles, next.requests]).toEqual(["idle", [], []]);
  });
});

describe("a directory with a storage: the end of its program", () => {
  const entriesIn = async ({ inner }: ScriptedStorage): Promise<string[]> => {
    const stored = await inner.load((await inner.list())[0] ?? "");
    return [`${revisionOf(stored?.cursor)}:`, ...(stored?.entries ?? []).map((e) => `${e.id}@${e.revision}`).sort()];
  };

  /** Changes that no mark has completed yet. */
  async function stageUnmarked() {
    const { stage, storage } = await stageKept();
    await stage.host.clock.advanceAsync(2_000);
    stage.put(sampleAgent("a", 5), sampleAgent("c", 6));
    stage.collection.delete("b");
    await stage.host.settle();
    expect(await entriesIn(storage)).toEqual(["2:", "a@1", "b@2"]);
    return { stage, storage };
  }

  /** A program that is started after the one before has ended without a word. */
  async function startAfter(stage: DirectoryStage, storage: ScriptedStorage) {
    const next = new DirectoryStage({}, storage);
    next.collection = stage.collection;
    next.mood = "silent";
    await next.start();
    const first = next.titles;
    next.mood = "answering";
    next.directory.refresh();
    await next.host.settle();
    expect([next.state, next.titles]).toEqual(["ready", ["title of c", "title of a"]]);
    expect(next.directory.metrics).toMatchObject({ snapshots: 0, divergences: 0 });
    expect(next.requests.map(({ cursor }) => cursor?.revision)).toEqual([2n, 2n]);
    return first;
  }

  it("loses nothing where it is killed: what was not saved is asked for again [MIRROR-15]", async () => {
    const { stage, storage } = await stageUnmarked();
    expect(await startAfter(stage, storage)).toEqual(["title of b", "title of a"]);
  });

  it("saves what is shown where it may be about to end, with the cursor of its last mark [MIRROR-15]", async () => {
    const { stage, storage } = await stageUnmarked();
    stage.directory.save();
    await stage.host.settle();
    expect(await entriesIn(storage)).toEqual(["2:", "a@3", "c@4"]);
    expect(await startAfter(stage, storage)).toEqual(["title of c", "title of a"]);
    expect(stage.host.errors).toEqual([]);
  });

  it("saves what is shown when it is stopped [MIRROR-12, MIRROR-15]", async () => {
    const { stage, storage } = await stageUnmarked();
    await stage.directory.stop();
    expect(await entriesIn(storage)).toEqual(["2:", "a@3", "c@4"]);
    expect(stage.host.clock.pending).toBe(0);
  });

  it("waits for no pause then, and for no more than the save that is under way [MIRROR-15, MIRROR-9]", async () => {
    const { stage, storage } = await stageKept();
    let open = (): void => {};
    storage.gate = new Promise((resolve) => {
      open = resolve;
    });
    stage.put(sampleAgent("a", 5));
    await stage.host.settle();
    stage.directory.save();
    await stage.host.settle();
    expect(storage.saves).toHaveLength(2);
    stage.put(sampleAgent("b", 6));
    await stage.host.settle();
    stage.directory.save();
    stage.directory.save();
    await stage.host.settle();
    expect(storage.saves).toHaveLength(2);
    open();
    await stage.host.settle();
    expect(await entriesIn(storage)).toEqual(["2:", "a@3", "b@4"]);
    // Nothing is left to be saved, and nothing is.
    stage.directory.save();
    await stage.host.settle();
    expect(storage.saves).toHaveLength(3);
  });

  it("has nothing to save before its first mark [MIRROR-15]", async () => {
    const storage = new ScriptedStorage();
    const stage = new DirectoryStage({}, storage);
    stage.mood = "silent";
    await stage.start();
    stage.directory.save();
    await stage.directory.stop();
    expect(storage.saves).toEqual([]);
  });
});

describe("a directory with a storage: saving", () => {
  it("keeps cursor and data of a mark together, for its daemon, session and filter [MIRROR-8, MIRROR-9]", async () => {
    const { stage, storage } = await stageKept();
    const keys = await storage.inner.list();
    expect(keys).toEqual([expect.stringMatching(new RegExp(`^${KEY}[A-Za-z0-9_-]{43}$`))]);
    const stored = await storage.inner.load(keys[0] ?? "");
    expect(revisionOf(stored?.cursor)).toBe(2n);
    expect(stored?.entries.map(({ id, revision }) => `${id}@${revision}`).sort()).toEqual(["a@1", "b@2"]);
    stage.directory.setFilter({ statuses: [AgentStatus.RUNNING] });
    await stage.host.clock.advanceAsync(2_000);
    expect(await storage.inner.list()).toHaveLength(2);
    expect(new Set(await storage.inner.list()).size).toBe(2);
  });

  it("saves at marks only, what has changed only, once a second at most, and the last state wins [MIRROR-9]", async () => {
    const { stage, storage } = await stageKept();
    expect(storage.saves).toHaveLength(1);
    stage.put(sampleAgent("a", 5));
    stage.collection.delete("b");
    await stage.host.clock.advanceAsync(4_000);
    expect(storage.saves).toHaveLength(1);
    await stage.host.clock.advanceAsync(2_000);
    expect(storage.saves).toHaveLength(2);
    expect(storage.saves[1]).toMatchObject({ upserted: [{ id: "a", revision: 3 }], removed: ["b"] });
    expect([storage.saves[0]?.isWhole, storage.saves[1]?.isWhole]).toEqual([true, false]);
    for (let i = 0; i < 5; i += 1) {
      // Each is followed by a mark at once.
      stage.put(sampleAgent("a", 10 + i));
      stage.directory.refresh();
      await stage.host.clock.advanceAsync(100);
    }
    expect(storage.saves).toHaveLength(3);
    await stage.host.clock.advanceAsync(2_000);
    expect(storage.saves).toHaveLength(4);
    expect(revisionOf(storage.saves[3]?.cursor)).toBe(9n);
    expect(storage.saves[3]?.upserted.map(({ revision }) => revision)).toEqual([9]);
  });

  it("writes one save at a time, and what waits when it is stopped [MIRROR-9]", async () => {
    const { stage, storage } = await stageKept();
    await stage.host.clock.advanceAsync(2_000);
    let open = (): void => {};
    storage.gate = new Promise((resolve) => {
      open = resolve;
    });
    for (let i = 0; i < 3; i += 1) {
      stage.put(sampleAgent("a", 10 + i));
      stage.directory.refresh();
      await stage.host.clock.advanceAsync(2_000);
    }
    expect(storage.saves).toHaveLength(2);
    stage.directory.stop();
    open();
    await stage.host.settle();
    expect(storage.saves).toHaveLength(3);
    const stored = await storage.inner.load((await storage.inner.list())[0] ?? "");
    expect(revisionOf(stored?.cursor)).toBe(5n);
    expect(stage.host.clock.pending).toBe(0);
  });

  it.each<[string, ScriptedStorage["faults"], string]>([
    [
      "has no room left",
      { save: { rejects: Object.assign(new Error("full"), { name: "QuotaExceededError" }) } },
      "STORAGE_FULL",
    ],
    ["cannot be written", { save: { rejects: new Error("no") } }, "STORAGE_FAILED"],
    ["throws at once", { save: { throws: "no" } }, "STORAGE_FAILED"],
    ["cannot be read", { load: { throws: new Error("no") } }, "STORAGE_FAILED"],
    ["does not answer", { save: "hangs" }, "STORAGE_TIMED_OUT"],
    ["cannot be listed", { list: { rejects: undefined } }, "STORAGE_FAILED"],
    ["does not say whether it has saved", { save: "hangs" }, "STORAGE_TIMED_OUT"],
    ["does not say what it has", { list: "hangs" }, "STORAGE_TIMED_OUT"],
  ])("tells once that it %s, and goes on without [MIRROR-10]", async (_name, faults, code) => {
    const storage = new ScriptedStorage();
    Object.assign(storage.faults, faults);
    const stage = new DirectoryStage({}, storage);
    stage.put(sampleAgent("a"));
    await stage.start();
    for (let i = 0; i < 5; i += 1) {
      stage.put(sampleAgent("b", i));
      await stage.host.clock.advanceAsync(10_000);
    }
    expect([stage.state, stage.titles.length]).toEqual(["ready", 2]);
    expect(stage.host.errors.map((error) => error.code)).toEqual([code]);
  });

  it("is stopped, though what it saves or drops is never answered [MIRROR-10, MIRROR-12]", async () => {
    const { stage, storage } = await stageKept();
    Object.assign(storage.faults, { save: "hangs", delete: "hangs" });
    stage.put(sampleAgent("a", 9));
    await stage.host.clock.advanceAsync(6_000);
    const ends: string[] = [];
    void stage.directory.stop({ reset: true }).then(() => ends.push("stopped"));
    await stage.host.clock.advanceAsync(10_000);
    expect(ends).toEqual(["stopped"]);
    expect([stage.host.clock.pending, stage.host.errors.map(({ code }) => code)]).toEqual([0, ["STORAGE_TIMED_OUT"]]);
  });

  it("forgets what is saved late, after nobody has waited for it any more [SYNC-9]", async () => {
    const { stage, storage } = await stageKept();
    let open = (): void => {};
    storage.gate = new Promise((resolve) => {
      open = resolve;
    });
    stage.put(sampleAgent("a", 9));
    await stage.host.clock.advanceAsync(20_000);
    expect(stage.host.errors.map(({ code }) => code)).toEqual(["STORAGE_TIMED_OUT"]);
    stage.directory.stop({ reset: true });
    await stage.host.settle();
    open();
    await stage.host.settle();
    expect(await storage.inner.list()).toEqual([]);
  });

  it("forgets what is stored when it is reset, also where a save is under way [SYNC-9]", async () => {
    const { stage, storage } = await stageKept();
    let open = (): void => {};
    storage.gate = new Promise((resolve) => {
      open = resolve;
    });
    stage.put(sampleAgent("a", 9));
    await stage.host.clock.advanceAsync(6_000);
    expect(storage.saves).toHaveLength(2);
    stage.directory.stop({ reset: true });
    await stage.host.settle();
    expect(await storage.inner.list()).toEqual([]);
    open();
    await stage.host.settle();
    expect(await storage.inner.list()).toEqual([]);
  });

  it("keeps nothing, and asks no storage, while it does not know whose it is [MIRROR-9]", async () => {
    const storage = new ScriptedStorage();
    const stage = new DirectoryStage({}, storage);
    stage.host.present = { serverId: "", sessionRef: "ref" };
    stage.put(sampleAgent("a"));
    await stage.start();
    await stage.host.clock.advanceAsync(10_000);
    expect(storage.calls).toEqual([]);
    expect(stage.state).toBe("ready");
  });

  it("lets those go that were saved least recently where there are too many [MIRROR-9]", async () => {
    const storage = new ScriptedStorage();
    const empty = wholeSave("1");
    for (let i = 0; i < MAX_KEPT_MIRRORS + 3; i += 1) await storage.inner.save(`other ${i}`, empty);
    const stage = await new DirectoryStage({}, storage).start();
    await stage.host.clock.advanceAsync(1_000);
    const keys = await storage.inner.list();
    expect(keys).toHaveLength(MAX_KEPT_MIRRORS);
    expect(keys[0]).toBe("other 4");
  });

  it("encodes a large directory in pieces", async () => {
    const storage = new ScriptedStorage();
    const stage = new DirectoryStage({}, storage);
    for (let i = 0; i < 1_200; i += 1) stage.put(sampleAgent(`${i}`));
    await stage.start();
    expect(storage.saves[0]?.upserted).toHaveLength(1_200);
  });
});
