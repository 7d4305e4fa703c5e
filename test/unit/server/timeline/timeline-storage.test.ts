import { describe, expect, it, onTestFinished } from "vitest";
import {
  createMemoryTimelineStore,
  createSqliteTimelineStore,
  type TimelineStore,
} from "../../../../src/server/index.ts";
import { SimulatedClock } from "../../../../src/testing/index.ts";
import { bytesOf, errorOf } from "../../../compliance/timeline-kit.ts";
import { openDatabase } from "../sqlite/place.ts";

async function openLog(store: TimelineStore, clock: SimulatedClock) {
  onTestFinished(() => store.close());
  const opening = store.open("log");
  await clock.settle();
  return opening;
}

describe("createMemoryTimelineStore", () => {
  it("has no more than its bytes, deleted and replaced ones not counted [TIMELINE-11]", async () => {
    const clock = new SimulatedClock();
    const store = createMemoryTimelineStore({ clock, maxBytes: 10 });
    const log = await openLog(store, clock);
    const append = async (text: string) => {
      const work = log.append(bytesOf(text)).catch((error: unknown) => error);
      await clock.settle();
      return work;
    };
    expect(await append("123456789")).toEqual({ seq: 1, revision: 1 });
    expect(await append("12")).toEqual(errorOf("STORAGE_FULL"));
    expect(await append("1")).toEqual({ seq: 2, revision: 2 });
    const replaced = log.replace(1, bytesOf("12345"));
    await clock.settle();
    expect(await replaced).toEqual({ seq: 1, revision: 3 });
    expect(await append("1234")).toEqual({ seq: 3, revision: 4 });
    expect(await append("1")).toEqual(errorOf("STORAGE_FULL"));
  });

  it.each([{ maxBytes: 0 }, { maxBytes: Number.NaN }, { maxItemBytes: 0 }])(
    "refuses the options %o [TIMELINE-4]",
    (options) => {
      expect(() => createMemoryTimelineStore(options)).toThrow(errorOf("OPTION_INVALID"));
    },
  );
});

describe("createSqliteTimelineStore", () => {
  it("ends a watch with the error where the database cannot be read [TIMELINE-10]", async () => {
    const clock = new SimulatedClock();
    const database = await openDatabase(":memory:");
    const log = await openLog(createSqliteTimelineStore(database, { clock }), clock);
    const watch = log.watch();
    database.close();
    await expect(watch.next()).rejects.toEqual(errorOf("STORAGE_CLOSED"));
    expect(await watch.next()).toEqual({ done: true, value: undefined });
    expect(() => log.page()).toThrow(errorOf("STORAGE_CLOSED"));
  });

  it("refuses the changes of a turn where the database is closed, and nothing else [TIMELINE-11]", async () => {
    const clock = new SimulatedClock();
    const database = await openDatabase(":memory:");
    const log = await openLog(createSqliteTimelineStore(database, { clock }), clock);
    const lost = expect(log.append(bytesOf("a"))).rejects.toEqual(errorOf("STORAGE_CLOSED"));
    database.close();
    await clock.settle();
    await lost;
    expect(log.lastSeq).toBe(0);
  });

  it("reads back what it wrote with a hundred pieces of text, and only what is new [TIMELINE-6]", async () => {
    const clock = new SimulatedClock();
    const log = await openLog(createSqliteTimelineStore(await openDatabase(":memory:"), { clock }), clock);
    const work = [log.append(bytesOf("a"))];
    await clock.settle();
    for (let i = 0; i < 100; i += 1) {
      work.push(log.appendText(1, `${i};`));
      await clock.settle();
    }
    await Promise.all(work);
    const watch = log.watch({ epoch: log.epoch, revision: 99 });
    const { value } = await watch.next();
    expect(value).toMatchObject({ kind: "textAppended", revision: 101, text: bytesOf("98;99;") });
    expect(value).toMatchObject({ offset: Array.from({ length: 98 }, (_, i) => `${i};`).join("").length });
  });
});
