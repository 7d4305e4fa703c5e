import { describe, expect, it } from "vitest";
import type { KeyStorage } from "../../src/wire/key-storage.ts";

/** A place that storages share, as tabs share an origin and processes a directory. */
export interface StoragePlace {
  /** Another storage on the same place. */
  open(): KeyStorage;
}

const CALLERS = 50;

/** What every {@link KeyStorage} does. @param name The implementation. @param createPlace Makes an empty place. */
export function testKeyStorage(name: string, createPlace: () => StoragePlace | Promise<StoragePlace>): void {
  describe(`${name} as a KeyStorage`, () => {
    it("stores what is not there, and gives it to later callers [KEY-6]", async () => {
      const place = await createPlace();
      expect(await place.open().putIfAbsent("a", "first")).toBe("first");
      expect(await place.open().putIfAbsent("a", "second")).toBe("first");
      expect(await place.open().putIfAbsent("a", "third")).toBe("first");
    });

    it("keeps keys apart [KEY-6]", async () => {
      const place = await createPlace();
      expect(await place.open().putIfAbsent("a", "one")).toBe("one");
      expect(await place.open().putIfAbsent("b", "two")).toBe("two");
      expect(await place.open().putIfAbsent("a", "three")).toBe("one");
    });

    it("keeps an empty value, like any other, and values beyond ASCII [KEY-7]", async () => {
      const storage = (await createPlace()).open();
      expect(await storage.putIfAbsent("empty", "")).toBe("");
      expect(await storage.putIfAbsent("empty", "other")).toBe("");
      expect(await storage.putIfAbsent("unicode", "⚓é\n")).toBe("⚓é\n");
      expect(await storage.putIfAbsent("unicode", "other")).toBe("⚓é\n");
    });

    it("gives racing callers one value, and the winner's own [KEY-6]", async () => {
      const place = await createPlace();
      const values = Array.from({ length: CALLERS }, (_, i) => `value ${i}`);
      const stored = await Promise.all(values.map((value) => place.open().putIfAbsent("a", value)));
      expect(new Set(stored).size).toBe(1);
      expect(values).toContain(stored[0]);
      expect(await place.open().putIfAbsent("a", "late")).toBe(stored[0]);
    });

    it("says where it is", async () => {
      expect((await createPlace()).open().name).not.toBe("");
    });
  });
}
