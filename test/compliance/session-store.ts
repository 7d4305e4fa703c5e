import { describe, expect, it } from "vitest";
import type { SessionRecord, SessionStore } from "../../src/server/index.ts";

/** Where a store lies that can be opened again. */
export interface SessionStorePlace {
  /** A store on the place; the one before it is not used any more. */
  open(): SessionStore | Promise<SessionStore>;
}

function recordOf(name: string, values: Partial<SessionRecord> = {}): SessionRecord {
  return {
    sessionHash: name,
    sessionRef: `ref of ${name}`,
    principal: "anna",
    createdAtMs: 1.5e12,
    idleLeftMs: 0.25,
    ...values,
  };
}

async function listed(store: SessionStore): Promise<readonly SessionRecord[]> {
  return [...(await store.list())].sort((a, b) => (a.sessionHash < b.sessionHash ? -1 : 1));
}

/** What every {@link SessionStore} does. @param name The implementation. @param createPlace Makes an empty place. */
export function testSessionStore(
  name: string,
  createPlace: () => SessionStorePlace | Promise<SessionStorePlace>,
): void {
  describe(`${name} as a SessionStore`, () => {
    it("keeps records as they are, also for the next to open it [STORE-4]", async () => {
      const place = await createPlace();
      const store = await place.open();
      expect(await listed(store)).toEqual([]);
      const records = [recordOf("a"), recordOf("b", { principal: "⚓ 'quoted' \n", idleLeftMs: 6e8 })];
      for (const record of records) await store.put(record);
      expect(await listed(store)).toEqual(records);
      expect(await listed(await place.open())).toEqual(records);
    });

    it("keeps one record of a name, the last [STORE-4]", async () => {
      const store = await (await createPlace()).open();
      await store.put(recordOf("a"));
      await store.put(recordOf("a", { idleLeftMs: 1 }));
      expect(await listed(store)).toEqual([recordOf("a", { idleLeftMs: 1 })]);
    });

    it("forgets a record, and does nothing where there is none [STORE-4]", async () => {
      const place = await createPlace();
      const store = await place.open();
      await store.put(recordOf("a"));
      await store.put(recordOf("b"));
      await store.delete("a");
      await store.delete("c");
      expect(await listed(await place.open())).toEqual([recordOf("b")]);
    });
  });
}
