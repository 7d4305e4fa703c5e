import { join } from "node:path";
import {
  createMemorySessionStore,
  createSqliteSessionStore,
  type SqliteDatabase,
} from "../../../../src/server/index.ts";
import { testSessionStore } from "../../../compliance/session-store.ts";
import { createDirectory, openDatabase } from "./place.ts";

testSessionStore("memory", () => {
  const store = createMemorySessionStore();
  return { open: () => store };
});

testSessionStore("SQLite", () => {
  const path = join(createDirectory(), "state.db");
  let database: SqliteDatabase | undefined;
  return {
    async open() {
      database?.close();
      database = await openDatabase(path);
      return createSqliteSessionStore(database);
    },
  };
});
