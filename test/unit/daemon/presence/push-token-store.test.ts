import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { createMemoryPushTokenStore } from "../../../../src/daemon/presence/push-token-store.ts";
import { createSqlitePushTokenStore } from "../../../../src/daemon/presence/sqlite-push-token-store.ts";
import type { SqliteDatabase } from "../../../../src/server/index.ts";
import { testPushTokenStore } from "../../../compliance/push-token-store.ts";
import { createDirectory, openDatabase } from "../../server/sqlite/place.ts";

testPushTokenStore("memory", () => {
  const store = createMemoryPushTokenStore();
  return { open: () => store };
});

testPushTokenStore("SQLite", () => {
  const path = join(createDirectory(), "state.db");
  let database: SqliteDatabase | undefined;
  return {
    async open() {
      database?.close();
      database = await openDatabase(path);
      return createSqlitePushTokenStore(database);
    },
  };
});

describe("a store of push tokens in a database that fails", () => {
  const token = { sessionRef: "a", principal: "anna", service: "apns", token: "s3cret ".repeat(500) };

  it("has no token in its errors [PRESENCE-10]", async () => {
    const database = await openDatabase(join(createDirectory(), "state.db"), { maxBytes: 80_000 });
    const store = createSqlitePushTokenStore(database);
    const errors: unknown[] = [];
    const fail = (work: () => void): void => {
      try {
        work();
      } catch (error) {
        errors.push(error);
      }
    };
    for (let n = 0; n < 20; n += 1) fail(() => store.put({ ...token, service: `service ${n}` }));
    database.close();
    fail(() => store.put(token));
    expect(errors).toMatchObject([
      ...errors.slice(1).map(() => ({ code: "STORAGE_FULL" })),
      { code: "STORAGE_CLOSED" },
    ]);
    expect(errors.length).toBeGreaterThan(1);
    expect(inspect(errors, { depth: 10, showHidden: true })).not.toContain("s3cret");
  });
});
