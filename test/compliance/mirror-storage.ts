import { describe, expect, it } from "vitest";
import type { MirrorStorage, StoredEntry, StoredMirror } from "../../src/runtime/storage/mirror-storage.ts";

/** A place that storages share, as tabs share an origin and processes a file. */
export interface MirrorPlace {
  /** Another storage on the same place. */
  open(): MirrorStorage;
}

/** What is stored in a test. */
export function storedEntry(id: string, revision: number, text = `${id}@${revision}`): StoredEntry {
  return { id, revision, bytes: new TextEncoder().encode(text) };
}

/** A cursor of a test. */
export function cursorOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** What a storage has, in lines that can be compared. */
export function showStored(stored: StoredMirror | undefined): string[] | undefined {
  if (stored === undefined) return undefined;
  const decoder = new TextDecoder();
  const lines = stored.entries.map(({ id, revision, bytes }) => `${id} ${revision} ${decoder.decode(bytes)}`);
  return [decoder.decode(stored.cursor), ...lines.sort()];
}

/** What every {@link MirrorStorage} does. @param name The implementation. @param createPlace Makes an empty place. */
export function testMirrorStorage(name: string, createPlace: () => MirrorPlace | Promise<MirrorPlace>): void {
  const begin = (cursor: string, ...upserted: StoredEntry[]) => ({
    ...{ cursor: cursorOf(cursor), base: undefined, upserted, removed: [] },
  });

  describe(`${name} as a MirrorStorage`, () => {
    it("has nothing of what was never saved [MIRROR-8]", async () => {
      const storage = (await createPlace()).open();
      expect(await storage.load("a")).toBeUndefined();
      expect(await storage.list()).toEqual([]);
      await storage.delete("a");
    });

    it("gives back the cursor and the entries of the last save, to whoever opens it next [MIRROR-8]", async () => {
      const place = await createPlace();
      expect(await place.open().save("a", begin("1", storedEntry("x", 1), storedEntry("y", 2)))).toBe(true);
      expect(showStored(await place.open().load("a"))).toEqual(["1", "x 1 x@1", "y 2 y@2"]);
      expect(await place.open().save("a", begin("2", storedEntry("z", 9)))).toBe(true);
      expect(showStored(await place.open().load("a"))).toEqual(["2", "z 9 z@9"]);
    });

    it("changes what is stored by what a save has, upon its cursor [MIRROR-8]", async () => {
      const place = await createPlace();
      const storage = place.open();
      await storage.save("a", begin("1", storedEntry("x", 1), storedEntry("y", 2), storedEntry("⚓é", 3)));
      const upserted = [storedEntry("y", 5), storedEntry("z", 4)];
      const save = { cursor: cursorOf("5"), base: cursorOf("1"), upserted, removed: ["x", "never there"] };
      expect(await storage.save("a", save)).toBe(true);
      expect(showStored(await place.open().load("a"))).toEqual(["5", "y 5 y@5", "z 4 z@4", "⚓é 3 ⚓é@3"]);
    });

    it("changes nothing where somebody else has saved meanwhile, or nothing is there [MIRROR-8]", async () => {
      const place = await createPlace();
      const [one, other] = [place.open(), place.open()];
      await one.save("a", begin("1", storedEntry("x", 1)));
      await other.save("a", { ...begin("2"), base: cursorOf("1"), removed: ["x"] });
      const late = { ...begin("3", storedEntry("y", 3)), base: cursorOf("1") };
      expect(await one.save("a", late)).toBe(false);
      expect(await one.save("b", late)).toBe(false);
      expect(showStored(await one.load("a"))).toEqual(["2"]);
      expect(await one.load("b")).toBeUndefined();
    });

    it("keeps keys apart, also where one begins with the other [MIRROR-8]", async () => {
      const storage = (await createPlace()).open();
      await storage.save("a", begin("1", storedEntry("x", 1)));
      await storage.save("a/b", begin("2", storedEntry("y", 2)));
      await storage.delete("a");
      expect(await storage.load("a")).toBeUndefined();
      expect(showStored(await storage.load("a/b"))).toEqual(["2", "y 2 y@2"]);
      await storage.save("a", begin("3"));
      expect(showStored(await storage.load("a"))).toEqual(["3"]);
    });

    it("keeps an empty cursor, empty values and every byte [MIRROR-8]", async () => {
      const storage = (await createPlace()).open();
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
      const around = new Uint8Array(300);
      around.set(bytes, 20);
      const view = around.subarray(20, 276);
      const upserted = [
        { id: "all", revision: Number.MAX_SAFE_INTEGER, bytes: view },
        { id: "none", revision: 0, bytes: new Uint8Array() },
      ];
      await storage.save("a", { cursor: new Uint8Array(), base: undefined, upserted, removed: [] });
      around.fill(0);
      const { cursor, entries } = (await storage.load("a")) ?? {};
      expect(cursor).toHaveLength(0);
      const byId = new Map(entries?.map((entry) => [entry.id, entry]));
      expect([...(byId.get("all")?.bytes ?? [])]).toEqual([...bytes]);
      expect(byId.get("all")?.revision).toBe(Number.MAX_SAFE_INTEGER);
      expect(byId.get("none")?.bytes).toHaveLength(0);
      const empty = { cursor: cursorOf("1"), base: new Uint8Array(), upserted: [], removed: [] };
      expect(await storage.save("a", empty)).toBe(true);
    });

    it("lists its keys, those first that were saved least recently [MIRROR-9]", async () => {
      const place = await createPlace();
      const storage = place.open();
      for (const key of ["b", "c", "a"]) await storage.save(key, begin("1"));
      await storage.save("b", { ...begin("2"), base: cursorOf("1") });
      expect(await place.open().list()).toEqual(["c", "a", "b"]);
      await storage.delete("a");
      expect(await place.open().list()).toEqual(["c", "b"]);
    });

    it("takes racing saves one after the other [MIRROR-8]", async () => {
      const place = await createPlace();
      await place.open().save("a", begin("0"));
      const saves = Array.from({ length: 10 }, (_, i) => ({
        ...begin(`${i + 1}`, storedEntry(`id ${i}`, i)),
        base: cursorOf("0"),
      }));
      const kept = await Promise.all(saves.map((save) => place.open().save("a", save)));
      expect(kept.filter((isKept) => isKept)).toHaveLength(1);
      const winner = kept.indexOf(true);
      expect(showStored(await place.open().load("a"))?.slice(1)).toEqual([
        `id ${winner} ${winner} id ${winner}@${winner}`,
      ]);
    });

    it("holds 10,000 entries", async () => {
      const storage = (await createPlace()).open();
      const entries = Array.from({ length: 10_000 }, (_, i) => storedEntry(`id ${i}`, i, ""));
      await storage.save("a", begin("1", ...entries));
      expect((await storage.load("a"))?.entries).toHaveLength(10_000);
    });

    it("says where it is", async () => {
      expect((await createPlace()).open().name).not.toBe("");
    });
  });
}
