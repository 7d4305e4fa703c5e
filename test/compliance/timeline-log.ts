import { describe, expect, it } from "vitest";
import { bytesOf, type CreatePlace, errorOf, readToMark, stageTimelines, textOf } from "./timeline-kit.ts";

/** What the logs of every TimelineStore do with changes, pages and limits. */
export function testTimelineLog(name: string, createPlace: CreatePlace): void {
  const stage = async (options = {}) => stageTimelines(await createPlace(), options);
  const show = ({
    seq,
    revision,
    payload,
    text,
  }: {
    seq: number;
    revision: number;
    payload: Uint8Array;
    text: Uint8Array;
  }) => `${seq}@${revision} ${textOf(payload)}|${textOf(text)}`;

  describe(`${name} as a TimelineStore: changes`, () => {
    it("gives a log an epoch of its own that outlives the process, and no other log has [TIMELINE-1]", async () => {
      const { log, reopen } = await stage();
      const [a, b] = [await log("a"), await log("b")];
      expect(a.epoch).toMatch(/^[A-Za-z0-9_-]{22}$/);
      expect(a.epoch).not.toBe(b.epoch);
      expect((await (await reopen()).log("a")).epoch).toBe(a.epoch);
    });

    it("numbers items from 1, and raises the revision with every change, over restarts [TIMELINE-2]", async () => {
      const { settle, log, reopen } = await stage();
      const first = await log();
      expect(first.cursor.revision).toBe(0);
      expect(await settle(first.append(bytesOf("a")))).toEqual({ seq: 1, revision: 1 });
      expect(await settle(first.append(bytesOf("b")))).toEqual({ seq: 2, revision: 2 });
      expect(await settle(first.appendText(1, "x"))).toEqual({ seq: 1, revision: 3 });
      expect(await settle(first.replace(2, bytesOf("c")))).toEqual({ seq: 2, revision: 4 });
      const again = await reopen();
      const second = await again.log();
      expect(second.lastSeq).toBe(2);
      expect(await again.settle(second.append(bytesOf("d")))).toEqual({ seq: 3, revision: 5 });
      expect(second.page().items.map(show)).toEqual(["1@3 a|x", "2@4 c|", "3@5 d|"]);
    });

    it("shows nothing before it is committed, all of a turn together [TIMELINE-3]", async () => {
      const { clock, log } = await stage();
      const [one, two] = [await log("one"), await log("two")];
      const settled: string[] = [];
      for (const part of [one.append(bytesOf("a")), two.append(bytesOf("b")), one.append(bytesOf("c"))]) {
        void part.then(({ seq }) => settled.push(`${seq} of ${one.lastSeq} and ${two.lastSeq}`));
      }
      await Promise.resolve();
      expect([one.page().items, two.page().items, one.cursor.revision, one.lastSeq]).toEqual([[], [], 0, 0]);
      await clock.settle();
      expect(settled).toEqual(["1 of 2 and 1", "1 of 2 and 1", "2 of 2 and 1"]);
      expect(one.page().items.map(show)).toEqual(["1@1 a|", "2@2 c|"]);
    });

    it("keeps payload, text and time as they are [TIMELINE-2, TIMELINE-4]", async () => {
      const { clock, settle, log } = await stage();
      const item = await log();
      const payload = Uint8Array.from({ length: 256 }, (_, i) => i);
      await settle(item.append(payload, { text: "⚓é", createdAtMs: 1234.5 }));
      await settle(item.append(new Uint8Array(0)));
      await settle(item.appendText(1, "\0𝄞"));
      await settle(item.appendText(1, ""));
      const [first, second] = item.page().items;
      expect(first).toMatchObject({ createdAtMs: 1234.5, text: bytesOf("⚓é\0𝄞") });
      expect([...(first?.payload ?? [])]).toEqual([...payload]);
      expect(second).toMatchObject({ createdAtMs: clock.wallNow(), text: bytesOf("") });
      await settle(item.replace(1, bytesOf("new"), "text"));
      await settle(item.appendText(1, "+"));
      expect(item.page().items[0]).toMatchObject({
        createdAtMs: 1234.5,
        text: bytesOf("text+"),
        payload: bytesOf("new"),
      });
      await expect(item.append(payload, { createdAtMs: Number.NaN })).rejects.toEqual(errorOf("OPTION_INVALID"));
    });

    it("makes several changes of one item in one turn [TIMELINE-3, TIMELINE-4]", async () => {
      const { clock, settle, log } = await stage();
      const item = await log();
      await settle(item.append(bytesOf("a"), { text: "1" }));
      const changes = [item.appendText(1, "2"), item.replace(1, bytesOf("b"), "x"), item.appendText(1, "y")];
      await clock.settle();
      expect((await Promise.all(changes)).map(({ revision }) => revision)).toEqual([2, 3, 4]);
      expect(item.page().items.map(show)).toEqual(["1@4 b|xy"]);
    });

    it("refuses an item that was not committed, and one that would be too large [TIMELINE-4]", async () => {
      const { settle, log } = await stage({ maxItemBytes: 10 });
      const item = await log();
      await settle(item.append(bytesOf("12345"), { text: "1234" }));
      for (const seq of [0, 2, -1, 1.5, Number.NaN]) {
        await expect(settle(item.appendText(seq, "x"))).rejects.toEqual(errorOf("TIMELINE_ITEM_UNKNOWN"));
        await expect(settle(item.replace(seq, bytesOf("x")))).rejects.toEqual(errorOf("TIMELINE_ITEM_UNKNOWN"));
      }
      const tooLarge = [
        item.appendText(1, "⚓"),
        item.append(bytesOf("1234567890"), { text: "1" }),
        item.replace(1, bytesOf("12345678901")),
      ];
      await settle(Promise.allSettled(tooLarge));
      for (const work of tooLarge) await expect(work).rejects.toEqual(errorOf("TIMELINE_ITEM_TOO_LARGE"));
      const both = [item.appendText(1, "5"), item.appendText(1, "6")];
      await settle(Promise.allSettled(both));
      await expect(both[1]).rejects.toEqual(errorOf("TIMELINE_ITEM_TOO_LARGE"));
      expect(item.page().items.map(show)).toEqual(["1@2 12345|12345"]);
      expect(item.cursor.revision).toBe(2);
    });
  });

  describe(`${name} as a TimelineStore: pages`, () => {
    const filled = async (count: number, text = "") => {
      const made = await stage();
      const log = await made.log();
      const all = Array.from({ length: count }, (_, i) => log.append(bytesOf(`${i + 1}`), { text }));
      await made.settle(Promise.all(all));
      const seqs = (request = {}) => log.page(request).items.map(({ seq }) => seq);
      return { ...made, log, seqs };
    };

    it("reads in both directions, always by rising seq [TIMELINE-5]", async () => {
      const { log, seqs } = await filled(10);
      expect(seqs({ afterSeq: 0, maxRows: 3 })).toEqual([1, 2, 3]);
      expect(seqs({ afterSeq: 3, maxRows: 3 })).toEqual([4, 5, 6]);
      expect(seqs({ beforeSeq: 9, maxRows: 3 })).toEqual([6, 7, 8]);
      expect(seqs({ maxRows: 3 })).toEqual([8, 9, 10]);
      expect(log.page().cursor).toEqual({ epoch: log.epoch, revision: 10 });
    });

    it("says whether there is more on either side [TIMELINE-5]", async () => {
      const { log } = await filled(5);
      const sides = (request: object) => {
        const { hasEarlier, hasLater, items } = log.page(request);
        return [items.length, hasEarlier, hasLater];
      };
      expect(sides({})).toEqual([5, false, false]);
      expect(sides({ afterSeq: 0, maxRows: 2 })).toEqual([2, false, true]);
      expect(sides({ afterSeq: 2, maxRows: 2 })).toEqual([2, true, true]);
      expect(sides({ beforeSeq: 3 })).toEqual([2, false, true]);
      expect(sides({ afterSeq: 5 })).toEqual([0, true, false]);
      expect(sides({ afterSeq: 99 })).toEqual([0, true, false]);
      expect(sides({ beforeSeq: 1 })).toEqual([0, false, true]);
      expect(sides({ beforeSeq: 99, maxRows: 1 })).toEqual([1, true, false]);
    });

    it("has nothing of an empty log [TIMELINE-5]", async () => {
      const { log } = await filled(0);
      const empty = { items: [], hasEarlier: false, hasLater: false };
      for (const request of [{}, { afterSeq: 0 }, { afterSeq: 5 }, { beforeSeq: 0 }, { beforeSeq: 5 }]) {
        expect(log.page(request)).toMatchObject(empty);
      }
    });

    it("has 100 items where 0 or nothing is asked for, and 1,000 at most [TIMELINE-5]", async () => {
      const { seqs } = await filled(1001);
      expect(seqs({ afterSeq: 0 })).toHaveLength(100);
      expect(seqs({ afterSeq: 0, maxRows: 0 })).toHaveLength(100);
      expect(seqs({ afterSeq: 0, maxRows: 1_000_000 })).toHaveLength(1000);
      expect(seqs({ maxRows: 1_000_000 })[0]).toBe(2);
    });

    it("is bounded in bytes, but has one item [TIMELINE-5]", async () => {
      const { seqs } = await filled(8, "x".repeat(100_000));
      expect(seqs({ afterSeq: 0 })).toEqual([1, 2]);
      expect(seqs({ afterSeq: 0, maxBytes: 1e9 })).toEqual([1, 2]);
      expect(seqs()).toEqual([7, 8]);
      expect(seqs({ afterSeq: 0, maxBytes: 0 })).toEqual([1]);
      expect(seqs({ beforeSeq: 5, maxBytes: 99_999 })).toEqual([4]);
    });

    it("refuses what is no position or number [TIMELINE-5]", async () => {
      const { log } = await filled(1);
      const wrong = [
        { afterSeq: -1 },
        { beforeSeq: 0.5 },
        { maxRows: Number.NaN },
        { maxBytes: -1 },
        { afterSeq: 1, beforeSeq: 1 },
      ];
      for (const request of wrong) expect(() => log.page(request)).toThrow(errorOf("OPTION_INVALID"));
    });
  });

  describe(`${name} as a TimelineStore: failures and ends`, () => {
    it("fails all changes of a turn that cannot be committed, shows none, and goes on [TIMELINE-11]", async () => {
      const { place, clock, settle, log, reopen } = await stage();
      const [one, two] = [await log("one"), await log("two")];
      await settle(one.append(bytesOf("a"), { text: "1" }));
      place.limit(100_000);
      const big = "x".repeat(500_000);
      const turn = [two.append(bytesOf("b")), one.appendText(1, "2"), one.append(bytesOf("c"), { text: big })];
      await settle(Promise.allSettled(turn));
      for (const work of turn) await expect(work).rejects.toEqual(errorOf("STORAGE_FULL"));
      expect([one.cursor.revision, one.lastSeq, two.cursor.revision, two.lastSeq]).toEqual([1, 1, 0, 0]);
      expect([...one.page().items, ...two.page().items].map(show)).toEqual(["1@1 a|1"]);
      expect(await settle(two.append(bytesOf("d")))).toEqual({ seq: 1, revision: 1 });
      place.limit(undefined);
      expect(await settle(one.append(bytesOf("e"), { text: big }))).toEqual({ seq: 2, revision: 2 });
      await clock.settle();
      expect((await (await reopen()).log("one")).page({ afterSeq: 0 }).items.map(({ seq }) => seq)).toEqual([1]);
    });

    it("deletes a log with all of it; one of the same name is another [TIMELINE-12]", async () => {
      const { store, settle, log, reopen } = await stage();
      const first = await log();
      await settle(first.append(bytesOf("a"), { text: "1" }));
      await settle(first.appendText(1, "2"));
      await settle(store.delete("log"));
      expect(store.find("log")).toBeUndefined();
      await expect(settle(first.append(bytesOf("b")))).rejects.toEqual(errorOf("TIMELINE_DELETED"));
      await expect(settle(first.appendText(1, "b"))).rejects.toEqual(errorOf("TIMELINE_DELETED"));
      expect(() => first.page()).toThrow(errorOf("TIMELINE_DELETED"));
      expect(() => first.watch()).toThrow(errorOf("TIMELINE_DELETED"));
      const second = await log();
      expect(second.epoch).not.toBe(first.epoch);
      expect(second.page().items).toEqual([]);
      expect(await settle(second.append(bytesOf("c")))).toEqual({ seq: 1, revision: 1 });
      expect((await (await reopen()).log()).page().items.map(show)).toEqual(["1@1 c|"]);
    });

    it("deletes and makes by turns, in the order in which it was asked [TIMELINE-12]", async () => {
      const { store, clock, log } = await stage();
      const first = await log();
      const work = [
        store.delete("log"),
        store.open("log"),
        store.open("log"),
        store.delete("log"),
        store.delete("none"),
      ];
      const late = expect(first.append(bytesOf("late"))).rejects.toEqual(errorOf("TIMELINE_DELETED"));
      await clock.settle();
      const [, second, third] = await Promise.all(work);
      await late;
      expect(second).toBe(third);
      expect(second).not.toBe(first);
      expect(store.find("log")).toBeUndefined();
      expect((await log()).epoch).not.toBe(first.epoch);
    });

    it("keeps a record with each log, in one transaction with the turn's items [TIMELINE-13]", async () => {
      const { store, clock, settle, reopen } = await stage({ maxItemBytes: 10 });
      const [one, two] = await settle(Promise.all([store.open("one", bytesOf("first")), store.open("two")]));
      expect([textOf(one.record), textOf(two.record)]).toEqual(["first", ""]);
      expect(await settle(store.open("one", bytesOf("late")))).toBe(one);
      const watch = one.watch();
      expect(await readToMark(watch)).toEqual(["mark 0"]);
      const turn = [one.setRecord(bytesOf("second")), one.append(bytesOf("a")), one.setRecord(bytesOf("third"))];
      await Promise.resolve();
      expect(textOf(one.record)).toBe("first");
      await clock.settle();
      await Promise.all(turn);
      expect([textOf(one.record), one.cursor.revision]).toEqual(["third", 1]);
      await settle(one.setRecord(bytesOf("fourth")));
      expect(one.cursor.revision).toBe(1);
      expect(await readToMark(watch)).toEqual(["itemAppended 1@1 a|", "mark 1"]);
      await expect(settle(one.setRecord(bytesOf("12345678901")))).rejects.toEqual(errorOf("TIMELINE_ITEM_TOO_LARGE"));
      const again = await reopen();
      expect(again.store.list().map(({ name, record }) => `${name}: ${textOf(record)}`)).toEqual([
        "one: fourth",
        "two: ",
      ]);
      expect(again.store.list()[0]).toBe(await again.log("one"));
      await again.settle(again.store.delete("one"));
      expect(again.store.list().map(({ name }) => name)).toEqual(["two"]);
      expect(textOf((await again.log("one")).record)).toBe("");
    });

    it("makes no log with a record that is too large [TIMELINE-13]", async () => {
      const { store, settle } = await stage({ maxItemBytes: 10 });
      const large = bytesOf("12345678901");
      await expect(settle(store.open("one", large))).rejects.toEqual(errorOf("TIMELINE_ITEM_TOO_LARGE"));
      expect([store.list(), store.find("one")]).toEqual([[], undefined]);
      expect(textOf((await settle(store.open("one", bytesOf("1234567890")))).record)).toBe("1234567890");
    });

    it("keeps no record of a turn that cannot be committed [TIMELINE-13]", async () => {
      const { place, settle, store } = await stage();
      const one = await settle(store.open("one", bytesOf("kept")));
      place.limit(100_000);
      const turn = [one.setRecord(bytesOf("new")), one.append(bytesOf("x".repeat(500_000)))];
      await settle(Promise.allSettled(turn));
      for (const work of turn) await expect(work).rejects.toEqual(errorOf("STORAGE_FULL"));
      expect(textOf(one.record)).toBe("kept");
    });

    it("has one log of a name, however often it is opened, and none before it is committed [TIMELINE-1]", async () => {
      const { store, clock } = await stage();
      const both = [store.open("a"), store.open("a")];
      expect(store.find("a")).toBeUndefined();
      await clock.settle();
      const [first, second] = await Promise.all(both);
      expect(first).toBe(second);
      expect(store.find("a")).toBe(first);
    });

    it("commits what waits when it is closed, and refuses what comes later [TIMELINE-12]", async () => {
      const { store, log, reopen } = await stage();
      const first = await log();
      const last = first.append(bytesOf("last"));
      const again = await reopen();
      expect(await last).toEqual({ seq: 1, revision: 1 });
      await expect(first.append(bytesOf("late"))).rejects.toEqual(errorOf("STORAGE_CLOSED"));
      await expect(store.open("log")).rejects.toEqual(errorOf("STORAGE_CLOSED"));
      expect(() => first.page()).toThrow(errorOf("STORAGE_CLOSED"));
      expect(() => first.watch()).toThrow(errorOf("STORAGE_CLOSED"));
      expect((await again.log()).page().items.map(show)).toEqual(["1@1 last|"]);
    });
  });
}
