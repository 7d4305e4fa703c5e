import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { describe, expect, it } from "vitest";
import {
  createIndexedDbMirrorStorage,
  type MirrorDbGlobals,
} from "../../../../src/runtime/storage/indexed-db-mirror-storage.ts";
import { createMemoryMirrorStorage } from "../../../../src/runtime/storage/mirror-storage.ts";
import { describeMirrorStorage } from "../../../../src/testing/index.ts";
import { storedEntry, wholeSave } from "../../../support/mirror-saves.ts";

const toGlobals = (indexedDB: object): MirrorDbGlobals => ({ indexedDB, IDBKeyRange }) as unknown as MirrorDbGlobals;

const tests = { describe, it };

describeMirrorStorage(tests, "createMemoryMirrorStorage", () => {
  const storage = createMemoryMirrorStorage();
  return { open: () => storage };
});

describeMirrorStorage(tests, "createIndexedDbMirrorStorage", () => {
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
    await storage.save("a", wholeSave("1", [storedEntry("x", 1)]));
    // What no structured clone can be made of.
    const bad = { ...storedEntry("y", 2), bytes: (() => {}) as unknown as Uint8Array };
    const next = { ...wholeSave("2", [storedEntry("x", 2), bad]), isWhole: false };
    await expect(storage.save("a", next)).rejects.toBeDefined();
    expect((await storage.load("a"))?.entries.map(({ revision }) => revision)).toEqual([1]);
  });
});
