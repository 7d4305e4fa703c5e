import { describe, expect, it } from "vitest";
import type { TimelineEvent, TimelineLog } from "../../src/server/index.ts";
import { SimulatedRandom } from "../../src/testing/index.ts";
import { bytesOf, type CreatePlace, readToMark, stageTimelines, type TimelineStage } from "./timeline-kit.ts";
import { showLog, TimelineMirror } from "./timeline-mirror.ts";

const SEEDS = 6;

/** What the watches of every TimelineStore do. */
export function testTimelineWatch(name: string, createPlace: CreatePlace): void {
  const stage = async () => {
    const made = await stageTimelines(await createPlace());
    return { ...made, log: await made.log() };
  };
  const fill = ({ settle }: Pick<TimelineStage, "settle">, log: TimelineLog, count: number, text = "") =>
    settle(Promise.all(Array.from({ length: count }, (_, i) => log.append(bytesOf(`${i}`), { text }))));

  describe(`${name} as a TimelineStore: watches`, () => {
    it("begins with everything, marks it, and goes on with what changes [TIMELINE-6, TIMELINE-7]", async () => {
      const { log, settle } = await stage();
      await settle(log.append(bytesOf("a"), { text: "1" }));
      const watch = log.watch();
      expect(await readToMark(watch)).toEqual(["itemAppended 1@1 a|1", "mark 1"]);
      await settle(log.append(bytesOf("b")));
      expect(await readToMark(watch)).toEqual(["itemAppended 2@2 b|", "mark 2"]);
      await settle(log.appendText(1, "⚓"));
      expect(await readToMark(watch)).toEqual(["textAppended 1@3 1|⚓", "mark 3"]);
      await settle(log.appendText(1, "."));
      expect(await readToMark(watch)).toEqual(["textAppended 1@4 4|.", "mark 4"]);
      await settle(log.replace(2, bytesOf("c"), "x"));
      expect(await readToMark(watch)).toEqual(["itemReplaced 2@5 c|x", "mark 5"]);
    });

    it("marks an empty log, and one that nothing has changed in, at once [TIMELINE-7]", async () => {
      const { log, settle } = await stage();
      expect(await readToMark(log.watch())).toEqual(["mark 0"]);
      await settle(log.append(bytesOf("a")));
      expect(await readToMark(log.watch(log.cursor))).toEqual(["mark 1"]);
    });

    it("is told nothing before it is committed [TIMELINE-3, TIMELINE-6]", async () => {
      const { log, clock } = await stage();
      const watch = log.watch();
      await watch.next();
      const told: unknown[] = [];
      void watch.next().then((result) => told.push(result));
      const done = log.append(bytesOf("a"));
      await Promise.resolve();
      expect(told).toEqual([]);
      await clock.settle();
      await done;
      expect(told).toHaveLength(1);
    });

    it("merges what a slow reader has not read, one event for each item [TIMELINE-8]", async () => {
      const { log, settle } = await stage();
      await settle(log.append(bytesOf("a"), { text: "0" }));
      const watch = log.watch();
      await readToMark(watch);
      for (const text of "12345") await settle(log.appendText(1, text));
      await settle(log.append(bytesOf("b")));
      for (const text of "xyz") await settle(log.appendText(2, text));
      expect(await readToMark(watch)).toEqual(["textAppended 1@6 1|12345", "itemAppended 2@10 b|xyz", "mark 10"]);
    });

    it("goes on from a cursor, with the new text alone where the item is known [TIMELINE-6, TIMELINE-8]", async () => {
      const first = await stage();
      await fill(first, first.log, 3, "old");
      const { cursor } = first.log.page();
      for (const text of ["new", "er"]) await first.settle(first.log.appendText(2, text));
      await first.settle(first.log.replace(3, bytesOf("r")));
      await first.settle(first.log.append(bytesOf("n")));
      const again = await first.reopen();
      const log = await again.log();
      const expected = ["textAppended 2@5 3|newer", "itemReplaced 3@6 r|", "itemAppended 4@7 n|", "mark 7"];
      expect(await readToMark(log.watch(cursor))).toEqual(expected);
    });

    it("answers a cursor of another log, or from ahead, with everything [TIMELINE-9]", async () => {
      const { log, settle } = await stage();
      await settle(log.append(bytesOf("a")));
      const { epoch } = log;
      const cursors = [
        { epoch: "", revision: 0 },
        { epoch, revision: 2 },
        { epoch, revision: -1 },
        { epoch, revision: 0.5 },
      ];
      for (const cursor of cursors) {
        expect(await readToMark(log.watch(cursor))).toEqual(["epochChanged", "itemAppended 1@1 a|", "mark 1"]);
      }
    });

    it("brings a large log in pieces, each item once [TIMELINE-8]", async () => {
      const made = await stage();
      await fill(made, made.log, 1000, "x".repeat(1000));
      const events = await readToMark(made.log.watch());
      expect(events).toHaveLength(1001);
      expect(events[999]?.split(" ")[1]).toBe("1000@1000");
      const one = made.log.watch({ epoch: made.log.epoch, revision: 500 });
      expect(await readToMark(one)).toHaveLength(501);
      await made.settle(Promise.all([3, 1, 2].map((seq) => made.log.appendText(seq, "y".repeat(200_000)))));
      expect((await readToMark(one)).map((line) => line.split(" ")[1])).toEqual(["1@1002", "2@1003", "3@1001", "1003"]);
    });

    it("comes to a mark while the log grows all the time [TIMELINE-7, TIMELINE-8]", async () => {
      const made = await stage();
      await fill(made, made.log, 600);
      const watch = made.log.watch();
      const lines: TimelineEvent[] = [];
      for (let kind = ""; kind !== "mark"; ) {
        const { value } = await watch.next();
        kind = value?.kind ?? "mark";
        if (value !== undefined) lines.push(value);
        if (lines.length % 10 !== 0) continue;
        await made.settle(Promise.all([made.log.append(bytesOf("n")), made.log.appendText(600, "t")]));
      }
      expect(lines).toHaveLength(601);
      expect(lines.at(-1)).toEqual({ kind: "mark", cursor: { epoch: made.log.epoch, revision: 600 } });
    });

    it("ends when it is returned from, and when its log is deleted or closed [TIMELINE-10]", async () => {
      const { log, store, settle, reopen } = await stage();
      const [left, deleted] = [log.watch(), log.watch()];
      for (const watch of [left, deleted]) await readToMark(watch);
      const waiting = left.next();
      await left.return?.();
      expect(await waiting).toEqual({ done: true, value: undefined });
      const last = deleted.next();
      await settle(store.delete("log"));
      expect(await last).toEqual({ done: true, value: undefined });
      expect(await deleted.next()).toEqual({ done: true, value: undefined });
      const other = await settle(store.open("log"));
      const closed = other.watch();
      await readToMark(closed);
      const end = closed.next();
      await reopen();
      expect(await end).toEqual({ done: true, value: undefined });
    });

    it("can be looped over [TIMELINE-10]", async () => {
      const { log } = await stage();
      for await (const event of log.watch()) {
        expect(event.kind).toBe("mark");
        break;
      }
    });

    it.each(Array.from({ length: SEEDS }, (_, seed) => seed))(
      "brings every reader, slow or cut off, to what the log says, seed %i [TIMELINE-7, TIMELINE-8]",
      async (seed) => {
        const random = new SimulatedRandom(seed);
        const made = await stage();
        const readers = Array.from({ length: 4 }, () => createReader(made.log, random));
        for (let turn = 0; turn < 40; turn += 1) {
          await changeAtRandom(made, random);
          for (const reader of readers) await reader.readSome();
        }
        for (const reader of readers) expect(await reader.readAll()).toEqual(showLog(made.log));
      },
    );
  });
}

function pick(random: SimulatedRandom, count: number): number {
  return Math.floor(random.unit() * count);
}

async function changeAtRandom(
  { settle, log }: { settle: TimelineStage["settle"]; log: TimelineLog },
  random: SimulatedRandom,
) {
  const changes = Array.from({ length: pick(random, 6) }, () => {
    const seq = 1 + pick(random, log.lastSeq);
    const text = "é".repeat(pick(random, 4));
    if (log.lastSeq === 0 || random.unit() < 0.3) return log.append(bytesOf(`${random.unit()}`), { text });
    if (random.unit() < 0.2) return log.replace(seq, bytesOf(`${random.unit()}`), text);
    return log.appendText(seq, text);
  });
  // Now and then so much at once that a watch takes several reads for it.
  if (random.unit() < 0.1) changes.push(...Array.from({ length: 400 }, () => log.append(bytesOf("many"))));
  await settle(Promise.all(changes));
}

/** A client that reads as it likes, and begins anew from its last mark where it was cut off. */
function createReader(log: TimelineLog, random: SimulatedRandom) {
  const mirror = new TimelineMirror();
  let watch = log.watch();
  const isBehind = () => mirror.cursor?.revision !== log.cursor.revision;
  const readOne = async () => {
    const { value } = await watch.next();
    if (value !== undefined) mirror.take(value);
  };
  return {
    async readSome() {
      for (let left = pick(random, 20) ** 2; left > 0 && isBehind(); left -= 1) await readOne();
      if (random.unit() > 0.1) return;
      await watch.return?.();
      watch = log.watch(mirror.cursor);
    },
    async readAll() {
      while (isBehind()) await readOne();
      return mirror.show();
    },
  };
}
