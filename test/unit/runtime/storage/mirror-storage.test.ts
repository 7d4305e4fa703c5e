import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { describe, expect, it } from "vitest";
import {
  createIndexedDbMirrorStorage,
  type MirrorDbGlobals,
} from "../../../../src/runtime/storage/indexed-db-mirror-storage.ts";
import { createMemoryMirrorStorage } from "../../../../src/runtime/storage/mirror-storage.ts";
import { cursorOf, storedEntry, testMirrorStorage } from "../../../compliance/mirror-storage.ts";

const toGlobals = (indexedDB: object): MirrorDbGlobals => ({ indexedDB, IDBKeyRange }) as unknown as MirrorDbGlobals;

testMirrorStorage("createMemoryMirrorStorage", () => {
  const storage = createMemoryMirrorStorage();
  return { open: () => storage };
});

testMirrorStorage("createIndexedDbMirrorStorage", () => {
  const globals = toGlobals(new IDBFactory());
  return { open: () => createIndexedDbMirrorStorage(globals) };
});

describe("createIndexedDbMirrorStorage", () => {
  it("throws where there is no IndexedDB [MIRROR-8]", () => {
    expect(() => createIndexedDbMirrorStorage({})).toThrow(expect.objectContaining({ code: "STORAGE_UNSUPPORTED" }));
  });

  it("rejects where the database is of a newer version", async () => {
    const indexedDB = new IDBFactory();
    await new Promise((resolve) => {
      indexedDB.open("moorline-mirrors", 2).onsuccess = resolve;
    });
    await expect(createIndexedDbMirrorStorage(toGlobals(indexedDB)).load("a")).rejects.toMatchObject({
      name: "VersionError",
    });
  });

  it("writes nothing of a save that cannot be written wholly [MIRROR-8]", async () => {
    const storage = createIndexedDbMirrorStorage(toGlobals(new IDBFactory()));
    const save = { cursor: cursorOf("1"), base: undefined, upserted: [storedEntry("x", 1)], removed: [] };
    await storage.save("a", save);
    // What no structured clone can be made of.
    const bad = { ...storedEntry("y", 2), bytes: (() => {}) as unknown as Uint8Array };
    const next = { ...save, cursor: cursorOf("2"), base: cursorOf("1"), upserted: [storedEntry("x", 2), bad] };
    await expect(storage.save("a", next)).rejects.toBeDefined();
    expect((await storage.load("a"))?.entries.map(({ revision }) => revision)).toEqual([1]);
  });
});
