import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createSqliteJournalStore, type SqliteDatabase } from "../../../../src/server/index.ts";
import { SimulatedClock } from "../../../../src/testing/index.ts";
import { journalEntry, testJournalStore } from "../../../compliance/journal-store.ts";
import { errorOf } from "../../../compliance/timeline-kit.ts";
import { createDirectory, openDatabase } from "./place.ts";

testJournalStore("SQLite on disk", () => {
  const path = join(createDirectory(), "state.db");
  let database: SqliteDatabase | undefined;
  return {
    async open() {
      database?.close();
      database = await openDatabase(path);
      return createSqliteJournalStore(database);
    },
  };
});

testJournalStore("SQLite in memory", async () => {
  const database = await openDatabase(":memory:");
  return { open: () => createSqliteJournalStore(database) };
});

const { sessionHash } = journalEntry();

describe("createSqliteJournalStore", () => {
  it("writes nothing before the turn of the event loop is over, then all of it [STORE-5]", async () => {
    const clock = new SimulatedClock();
    const store = createSqliteJournalStore(await openDatabase(":memory:"), { clock });
    let isDurable = false;
    const accepted = Promise.resolve(store.accept(journalEntry())).then(() => {
      isDurable = true;
    });
    const completed = store.complete(sessionHash, "k", Uint8Array.of(1));
    await Promise.resolve();
    expect([isDurable, store.find(sessionHash, "k")]).toEqual([false, undefined]);
    await clock.settle();
    await Promise.all([accepted, completed]);
    expect(store.find(sessionHash, "k")).toEqual(journalEntry({ outcome: Uint8Array.of(1) }));
  });

  it("takes what fits where something else of the turn does not [STORE-5, STORE-3]", async () => {
    const database = await openDatabase(join(createDirectory(), "state.db"), { maxBytes: 256 * 1024 });
    const store = createSqliteJournalStore(database);
    await store.accept(journalEntry({ key: "large" }));
    const [large, small] = await Promise.allSettled([
      store.complete(sessionHash, "large", new Uint8Array(1024 * 1024)),
      store.accept(journalEntry({ key: "small" })),
    ]);
    expect(large).toEqual({ status: "rejected", reason: errorOf("STORAGE_FULL") });
    expect(small).toMatchObject({ status: "fulfilled" });
    expect(await store.find(sessionHash, "large")).toEqual(journalEntry({ key: "large" }));
    expect(await store.find(sessionHash, "small")).toEqual(journalEntry({ key: "small" }));
  });

  it("fails with a typed error where its database is closed [STORE-3]", async () => {
    const database = await openDatabase(":memory:");
    const store = createSqliteJournalStore(database);
    database.close();
    await expect(store.accept(journalEntry())).rejects.toEqual(errorOf("STORAGE_CLOSED"));
    expect(() => store.find(sessionHash, "k")).toThrow(errorOf("STORAGE_CLOSED"));
  });
});
