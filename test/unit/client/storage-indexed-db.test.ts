import { describe, expect, it } from "vitest";
import { createIndexedDbStorage } from "../../../src/client/storage-indexed-db.ts";
import { testKeyStorage } from "../../compliance/key-storage.ts";
import { FakeIndexedDb, type Faults } from "./fake-indexed-db.ts";

testKeyStorage("createIndexedDbStorage", () => {
  const indexedDB = new FakeIndexedDb();
  return { open: () => createIndexedDbStorage({ indexedDB }) };
});

describe("createIndexedDbStorage", () => {
  it("throws where there is no IndexedDB [KEY-7]", () => {
    expect(() => createIndexedDbStorage({})).toThrow(expect.objectContaining({ code: "STORAGE_UNSUPPORTED" }));
  });

  it.each<[string, Faults, unknown]>([
    ["cannot be opened", { open: "InvalidStateError" }, { name: "InvalidStateError" }],
    ["is held by an older version", { blocked: true }, expect.objectContaining({ message: expect.any(String) })],
    ["is full", { add: "QuotaExceededError" }, { name: "QuotaExceededError" }],
    ["cannot be written", { commit: "QuotaExceededError" }, { name: "QuotaExceededError" }],
  ])("rejects where the database %s, and leaves none open [KEY-7]", async (_name, faults, reason) => {
    const indexedDB = new FakeIndexedDb(faults);
    await expect(createIndexedDbStorage({ indexedDB }).putIfAbsent("a", "1")).rejects.toEqual(reason);
    expect(indexedDB.openCount).toBe(0);
  });

  it("closes the database after each use", async () => {
    const indexedDB = new FakeIndexedDb();
    const storage = createIndexedDbStorage({ indexedDB });
    await Promise.all([storage.putIfAbsent("a", "1"), storage.putIfAbsent("a", "2")]);
    expect(indexedDB.openCount).toBe(0);
  });
});
