import { describe, expect, it } from "vitest";
import type { JournalEntry, JournalStore } from "../../src/server/index.ts";

/** A place that keeps a journal, as a state directory does. */
export interface JournalPlace {
  /** Opens the journal, as a process does that is started. What another one holds open there is as good as dead. */
  open(): JournalStore | Promise<JournalStore>;
}

const SESSION = "a".repeat(43);
const OTHER = "b".repeat(43);

/** An entry, with what is to be different. */
export function journalEntry(init: Partial<JournalEntry> = {}): JournalEntry {
  const request = { method: "pkg.v1.Service/Do", requestHash: "h".repeat(43) };
  const rest = { acceptedAtMs: 1_000, epoch: "e".repeat(22), outcome: undefined };
  return { sessionHash: SESSION, key: "k", ...request, ...rest, ...init };
}

/** What every {@link JournalStore} does. @param name The implementation. @param createPlace Makes an empty place. */
export function testJournalStore(name: string, createPlace: () => JournalPlace | Promise<JournalPlace>): void {
  const open = async (): Promise<JournalStore> => (await createPlace()).open();

  describe(`${name} as a JournalStore: one entry`, () => {
    it("is not there before it is accepted [JOURNAL-1]", async () => {
      const store = await open();
      expect(await store.find(SESSION, "k")).toBeUndefined();
      expect(await store.list(SESSION)).toEqual([]);
    });

    it("is there, whole, for whoever opens the place next, without any closing [JOURNAL-1]", async () => {
      const place = await createPlace();
      const entry = journalEntry();
      await (await place.open()).accept(entry);
      expect(await (await place.open()).find(SESSION, "k")).toEqual(entry);
    });

    it("gets its outcome, for whoever opens the place next [JOURNAL-1]", async () => {
      const place = await createPlace();
      const store = await place.open();
      await store.accept(journalEntry());
      const outcome = Uint8Array.from([0, 1, 255]);
      await store.complete(SESSION, "k", outcome);
      const found = await (await place.open()).find(SESSION, "k");
      expect([...(found?.outcome ?? [])]).toEqual([...outcome]);
      expect({ ...found, outcome: undefined }).toEqual(journalEntry());
    });

    it("tells an empty outcome from none [JOURNAL-1]", async () => {
      const store = await open();
      await store.accept(journalEntry());
      await store.complete(SESSION, "k", new Uint8Array(0));
      expect((await store.find(SESSION, "k"))?.outcome?.length).toBe(0);
      expect((await store.list(SESSION))[0]?.outcomeBytes).toBe(0);
    });

    it("takes the place of one of the same name, outcome and all [JOURNAL-1]", async () => {
      const store = await open();
      await store.accept(journalEntry());
      await store.complete(SESSION, "k", Uint8Array.of(1));
      const next = journalEntry({ method: "pkg.v1.Service/Other", epoch: "f".repeat(22), acceptedAtMs: 2_000 });
      await store.accept(next);
      expect(await store.find(SESSION, "k")).toEqual(next);
      expect(await store.list(SESSION)).toHaveLength(1);
    });

    it("is not made by its outcome, nor by being deleted [JOURNAL-1]", async () => {
      const store = await open();
      await store.complete(SESSION, "k", Uint8Array.of(1));
      await store.delete(SESSION, "k");
      await store.deleteSession(SESSION);
      expect(await store.find(SESSION, "k")).toBeUndefined();
    });

    it("may have any text as its key [JOURNAL-4]", async () => {
      const store = await open();
      const keys = [" ", "A", "a", "ä", "a\u0308", "⚓", "'; --", "%", "k\u0000k", "x".repeat(256)];
      for (const key of keys) await store.accept(journalEntry({ key }));
      for (const key of keys) expect((await store.find(SESSION, key))?.key).toBe(key);
      expect(await store.list(SESSION)).toHaveLength(keys.length);
    });

    it("keeps an outcome of 64 KiB and more [JOURNAL-7]", async () => {
      const store = await open();
      const outcome = new Uint8Array(100_000).fill(7);
      await store.accept(journalEntry());
      await store.complete(SESSION, "k", outcome);
      expect((await store.find(SESSION, "k"))?.outcome?.length).toBe(outcome.length);
    });
  });

  describe(`${name} as a JournalStore: many entries`, () => {
    it("keeps sessions and keys apart [JOURNAL-1]", async () => {
      const store = await open();
      for (const sessionHash of [SESSION, OTHER]) {
        for (const key of ["k", "l"]) await store.accept(journalEntry({ sessionHash, key }));
      }
      await store.complete(OTHER, "k", Uint8Array.of(1));
      await store.delete(SESSION, "l");
      expect((await store.list(SESSION)).map(({ key }) => key)).toEqual(["k"]);
      expect(await store.list(OTHER)).toHaveLength(2);
      expect((await store.find(SESSION, "k"))?.outcome).toBeUndefined();
      expect(await store.find(SESSION, "l")).toBeUndefined();
    });

    it("lists what they take up, in the order of their acceptance [JOURNAL-7]", async () => {
      const store = await open();
      for (const acceptedAtMs of [3_000, 1_000, 2_000]) {
        await store.accept(journalEntry({ key: `at ${acceptedAtMs}`, acceptedAtMs }));
      }
      await store.complete(SESSION, "at 2000", new Uint8Array(5));
      expect(await store.list(SESSION)).toEqual([
        { key: "at 1000", acceptedAtMs: 1_000, outcomeBytes: undefined },
        { key: "at 2000", acceptedAtMs: 2_000, outcomeBytes: 5 },
        { key: "at 3000", acceptedAtMs: 3_000, outcomeBytes: undefined },
      ]);
    });

    it("tells which sessions have entries, and when the last was accepted [SESSION-4]", async () => {
      const store = await open();
      for (const acceptedAtMs of [3_000, 1_000])
        await store.accept(journalEntry({ key: `${acceptedAtMs}`, acceptedAtMs }));
      await store.accept(journalEntry({ sessionHash: OTHER, key: "k", acceptedAtMs: 2_000 }));
      const both = [
        { sessionHash: SESSION, lastAcceptedAtMs: 3_000 },
        { sessionHash: OTHER, lastAcceptedAtMs: 2_000 },
      ];
      expect(await store.sessions()).toHaveLength(2);
      expect(await store.sessions()).toEqual(expect.arrayContaining(both));
      await store.delete(OTHER, "k");
      expect(await store.sessions()).toEqual([both[0]]);
    });

    it("forgets a session, and no other [JOURNAL-10]", async () => {
      const store = await open();
      await store.accept(journalEntry());
      await store.accept(journalEntry({ sessionHash: OTHER }));
      await store.deleteSession(SESSION);
      expect(await store.list(SESSION)).toEqual([]);
      expect(await store.list(OTHER)).toHaveLength(1);
    });

    it("forgets what was accepted before a time, and nothing else [JOURNAL-7]", async () => {
      const store = await open();
      for (const acceptedAtMs of [999, 1_000, 1_001]) {
        await store.accept(journalEntry({ key: `${acceptedAtMs}`, acceptedAtMs }));
        await store.accept(journalEntry({ sessionHash: OTHER, key: `${acceptedAtMs}`, acceptedAtMs }));
      }
      await store.complete(SESSION, "999", Uint8Array.of(1));
      await store.purge(1_000);
      for (const session of [SESSION, OTHER]) {
        expect((await store.list(session)).map(({ key }) => key)).toEqual(["1000", "1001"]);
      }
    });

    it("takes a hundred at once [JOURNAL-1]", async () => {
      const store = await open();
      const keys = Array.from({ length: 100 }, (_, i) => `key ${i}`);
      await Promise.all(keys.map(async (key) => store.accept(journalEntry({ key }))));
      await Promise.all(keys.map(async (key) => store.complete(SESSION, key, Uint8Array.of(1))));
      const uses = await store.list(SESSION);
      expect(uses.map(({ key }) => key).sort()).toEqual([...keys].sort());
      expect(uses.every(({ outcomeBytes }) => outcomeBytes === 1)).toBe(true);
    });
  });
}
