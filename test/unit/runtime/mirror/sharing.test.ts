import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { type DirectoryCursor, DirectoryCursorSchema } from "../../../../gen/moorline/agent/v1/directory_service_pb.ts";
import type { OwnedAgentDirectory } from "../../../../src/runtime/mirror/agent-directory.ts";
import type { OwnedAgentTimeline } from "../../../../src/runtime/mirror/agent-timeline.ts";
import { createAgentDirectory } from "../../../../src/runtime/mirror/create-agent-directory.ts";
import { createAgentTimeline } from "../../../../src/runtime/mirror/create-agent-timeline.ts";
import type { MirrorOwner } from "../../../../src/runtime/mirror/mirror-host.ts";
import { type SimulatedClock, SimulatedRandom } from "../../../../src/testing/index.ts";
import { wholeSave } from "../../../support/mirror-saves.ts";
import { sampleAgent } from "./support/agents.ts";
import { DirectoryStage } from "./support/directory-stage.ts";
import { ScriptedStorage } from "./support/scripted-storage.ts";
import { TimelineStage, textOf } from "./support/timeline-stage.ts";

const IDS = ["a", "b", "c", "d", "e", "f", "g"];
const SEEDS = 12;
const STEPS = 60;
const MAX_PAUSE_MS = 4_000;
const MAX_SAVE_MS = 3_000;

/** Two tabs of one origin: each has a mirror of its own on the same storage, here and of the same daemon. */
async function stageTabs() {
  const storage = new ScriptedStorage();
  const stage = new DirectoryStage({}, storage);
  stage.put(sampleAgent("a", 1), sampleAgent("b", 2));
  await stage.start();
  const other = createAgentDirectory(stage.host);
  other.start();
  await stage.host.clock.advanceAsync(2_000);
  return { stage, storage, other };
}

const titlesOf = ({ agents }: OwnedAgentDirectory): string[] => agents.getSnapshot().map(({ title }) => title);

async function revisionIn({ inner }: ScriptedStorage): Promise<bigint> {
  const stored = await inner.load((await inner.list())[0] ?? "");
  return fromBinary(DirectoryCursorSchema, stored?.cursor ?? new Uint8Array()).revision;
}

/** What is stored now, for a program that saves nothing in the place of others. */
function copyOf({ inner }: ScriptedStorage): ScriptedStorage {
  const copy = new ScriptedStorage();
  Object.assign(copy.inner, { load: (key: string) => inner.load(key), save: async () => true });
  return copy;
}

function spoiled(how: string, { epoch, filterHash, revision }: DirectoryCursor): Uint8Array {
  if (how === "no cursor") return Uint8Array.of(0xff);
  const other = how === "other epoch" ? { epoch: "another", revision: revision + 100n } : { epoch, revision: 1n };
  return toBinary(DirectoryCursorSchema, create(DirectoryCursorSchema, { filterHash, ...other }));
}

describe("directories of two programs on one storage", () => {
  it("both save what they have, and what is stored is never less far [MIRROR-14]", async () => {
    const { stage, storage, other } = await stageTabs();
    let before = await revisionIn(storage);
    for (let i = 0; i < 5; i += 1) {
      stage.put(sampleAgent("a", 10 + i));
      await stage.host.clock.advanceAsync(7_000);
      const now = await revisionIn(storage);
      expect(now).toBeGreaterThan(before);
      before = now;
    }
    expect(titlesOf(other)).toEqual(stage.titles);
    await expectCopy(stage, storage);
    // Either goes on alone at once.
    await stage.directory.stop();
    stage.put(sampleAgent("c", 99));
    await stage.host.clock.advanceAsync(7_000);
    expect(await revisionIn(storage)).toBeGreaterThan(before);
    await other.stop();
    expect(stage.host.errors).toEqual([]);
  });

  it("leave what is further as it is, and build upon it [MIRROR-14]", async () => {
    const { stage, storage, other } = await stageTabs();
    // One tab does not hear of anything for a while, as where it is frozen.
    stage.mood = "silent";
    other.refresh();
    stage.mood = "answering";
    stage.put(sampleAgent("a", 10));
    stage.collection.delete("b");
    await stage.host.clock.advanceAsync(7_000);
    const saved = await revisionIn(storage);
    other.refresh();
    await stage.host.clock.advanceAsync(2_000);
    expect(await revisionIn(storage)).toBe(saved);
    await stage.directory.stop();
    stage.put(sampleAgent("c", 11));
    await stage.host.clock.advanceAsync(10_000);
    expect(storage.saves.at(-1)?.isWhole).toBe(false);
    expect(titlesOf(other).sort()).toEqual(["title of a", "title of c"]);
    stage.directory.start();
    await stage.host.settle();
    await expectCopy(stage, storage);
  });

  it("drop what another one has saved, and they have never heard of before it was deleted [MIRROR-14]", async () => {
    const { stage, storage, other } = await stageTabs();
    const deafen = (tab: OwnedAgentDirectory): void => {
      stage.mood = "silent";
      tab.refresh();
      stage.mood = "answering";
    };
    deafen(stage.directory);
    stage.put(sampleAgent("x", 10));
    await stage.host.clock.advanceAsync(7_000);
    expect(storage.saves.at(-1)?.upserted.map(({ id }) => id)).toEqual(["x"]);
    deafen(other);
    stage.collection.delete("x");
    stage.directory.refresh();
    await stage.host.clock.advanceAsync(7_000);
    expect(await revisionIn(storage)).toBe(4n);
    const stored = await storage.inner.load((await storage.inner.list())[0] ?? "");
    expect(stored?.entries.map(({ id }) => id).sort()).toEqual(["a", "b"]);
  });

  it("save everything anew where what is stored is another daemon's, is less far, or is gone [MIRROR-14]", async () => {
    for (const spoil of ["other epoch", "less far", "gone", "no cursor"]) {
      const { stage, storage, other } = await stageTabs();
      const key = (await storage.inner.list())[0] ?? "";
      const stored = await storage.inner.load(key);
      const cursor = fromBinary(DirectoryCursorSchema, stored?.cursor ?? new Uint8Array());
      if (spoil === "gone") await storage.inner.delete(key);
      else await storage.inner.save(key, wholeSave(spoiled(spoil, cursor)));
      for (let i = 0; i < 4; i += 1) {
        stage.put(sampleAgent("a", 10 + i));
        await stage.host.clock.advanceAsync(10_000);
      }
      expect([spoil, await revisionIn(storage)]).toEqual([spoil, 6n]);
      await expectCopy(stage, storage);
      await other.stop();
    }
  });

  it("tear nothing, whatever they do in whatever order [MIRROR-14, MIRROR-15]", async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { stage, storage, other } = await stageTabs();
      const random = new SimulatedRandom(seed);
      const tabs: OwnedAgentDirectory[] = [stage.directory, other];
      let before = 0n;
      for (let step = 0; step < STEPS; step += 1) {
        await act(random, tabs, {
          clock: stage.host.clock,
          storage,
          change: () => stage.put(sampleAgent(random.pick(IDS), step)),
          remove: () => void stage.collection.delete(random.pick(IDS)),
          // It hears of nothing until it is refreshed, as where it is frozen.
          deafen: (tab) => {
            stage.mood = "silent";
            tab.refresh();
            stage.mood = "answering";
          },
        });
        const now = await revisionIn(storage);
        expect(now).toBeGreaterThanOrEqual(before);
        before = now;
        if (step % 6 === 0) await expectCopy(stage, storage);
      }
      await stopAll(tabs, stage.host.clock);
      expect(stage.host.errors).toEqual([]);
    }
  });
});

describe("timelines of two programs on one storage", () => {
  it("tear nothing, whatever they do in whatever order [MIRROR-14, MIRROR-15]", async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const storage = new ScriptedStorage();
      const stage = await (await TimelineStage.create(15, { pageSize: 10 }, storage)).start();
      const other = createAgentTimeline(stage.host, "agent", { pageSize: 5 });
      other.start();
      await stage.host.settle();
      const random = new SimulatedRandom(seed);
      let count = 15;
      const tabs: OwnedAgentTimeline[] = [stage.timeline, other];
      for (let step = 0; step < STEPS; step += 1) {
        await act(random, tabs, {
          change: () => {
            count += 1;
            return stage.append(`${count}`);
          },
          remove: () => stage.replace(1 + random.int(count), `at ${step}`),
          clock: stage.host.clock,
          storage,
          deafen: (tab) => tab.refresh(),
        });
        if (random.int(10) === 0) await stage.settle(random.pick(tabs).loadEarlier());
        if (step % 6 === 0) await expectRecord(stage, storage);
      }
      await stopAll(tabs, stage.host.clock);
      expect(stage.host.errors).toEqual([]);
    }
  });
});

type Tab = MirrorOwner & { refresh(): void };

interface World {
  readonly clock: SimulatedClock;
  readonly storage: ScriptedStorage;
  readonly change: () => unknown;
  readonly remove: () => unknown;
  readonly deafen: (tab: Tab) => void;
}

/** Something happens to the daemon or to one of the tabs. */
async function act(random: SimulatedRandom, tabs: readonly Tab[], world: World): Promise<void> {
  const tab = random.pick(tabs);
  const { clock, storage, change, remove, deafen } = world;
  storage.gate = new Promise((resolve) => void clock.setTimer(random.int(MAX_SAVE_MS), resolve));
  const acts: (() => unknown)[] = [
    ...[change, change, change, remove, remove, () => tab.save(), () => tab.save(), () => tab.refresh()],
    () => deafen(tab),
    () => {
      void tab.stop();
      tab.start();
    },
  ];
  await random.pick(acts)();
  await clock.advanceAsync(random.int(MAX_PAUSE_MS));
}

async function stopAll(tabs: readonly Tab[], clock: SimulatedClock): Promise<void> {
  const stopped = tabs.map((tab) => tab.stop());
  await clock.advanceAsync(2 * MAX_SAVE_MS);
  await Promise.all(stopped);
}

/** A program that starts on what is stored now shows what the daemon has, and no digest says otherwise. */
async function expectCopy(stage: DirectoryStage, storage: ScriptedStorage): Promise<void> {
  const [next, truth] = [new DirectoryStage({}, copyOf(storage)), new DirectoryStage()];
  for (const program of [next, truth]) {
    program.collection = stage.collection;
    await program.start();
  }
  expect([next.state, next.titles]).toEqual(["ready", truth.titles]);
  expect([next.directory.metrics.divergences, next.host.errors]).toEqual([0, []]);
  await Promise.all([next.directory.stop(), truth.directory.stop()]);
}

/** A program that starts on what is stored now shows the end of the log as it is, without gaps. */
async function expectRecord(stage: TimelineStage, storage: ScriptedStorage): Promise<void> {
  const next = createAgentTimeline({ ...hostOf(stage), storage: copyOf(storage) }, "agent");
  next.start();
  await stage.host.settle();
  const truth = createAgentTimeline({ ...hostOf(stage), storage: undefined }, "agent", { pageSize: 1_000 });
  truth.start();
  await stage.host.settle();
  const [shown, all] = [next, truth].map(({ items }) => items.getSnapshot().items.map(textOf));
  expect(shown?.length).toBeGreaterThan(0);
  expect(shown).toEqual(all?.slice(-(shown?.length ?? 0)));
  await Promise.all([next.stop(), truth.stop()]);
}

function hostOf({ host }: TimelineStage) {
  const { clock, random, peer, onError, keyPrefix } = host;
  return { clock, random, peer, onError, keyPrefix, service: host.service.bind(host) };
}
