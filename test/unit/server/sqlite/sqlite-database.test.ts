import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { createSqliteSessionStore, MoorlineError } from "../../../../src/server/index.ts";
import { SCHEMA_STEPS } from "../../../../src/server/sqlite/sqlite-schema.ts";
import type { MoorlineErrorCode } from "../../../../src/wire/moorline-error.ts";
import { createDirectory, openDatabase } from "./place.ts";

const RECORD = { sessionHash: "a", sessionRef: "b", principal: "c", createdAtMs: 1, idleLeftMs: 2 };

function statePath(): string {
  return join(createDirectory(), "state.db");
}

function errorOf(code: MoorlineErrorCode) {
  return expect.objectContaining({ name: "MoorlineError", code });
}

/** What the file says, without a lock. */
function alter(path: string, sql: string): void {
  const handle = new DatabaseSync(path);
  handle.exec(sql);
  handle.close();
}

describe("openSqliteDatabase", () => {
  it.skipIf(process.platform === "win32")(
    "can be read by its user only, its log of changes too [STORE-1]",
    async () => {
      const path = statePath();
      const database = await openDatabase(path);
      await createSqliteSessionStore(database).put(RECORD);
      for (const file of [path, `${path}-wal`]) expect(statSync(file).mode & 0o777).toBe(0o600);
    },
  );

  it("makes the database and its directory, and marks the version [STORE-1, STORE-2]", async () => {
    const path = join(createDirectory(), "deep", "er", "state.db");
    const database = await openDatabase(path);
    expect(database.path).toBe(path);
    expect(database.prepare("PRAGMA user_version").get()).toEqual({ user_version: SCHEMA_STEPS.length });
    expect(database.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
    expect(database.prepare("PRAGMA synchronous").get()).toEqual({ synchronous: 2 });
    expect(database.prepare("PRAGMA foreign_keys").get()).toEqual({ foreign_keys: 1 });
    expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
  });

  it("keeps what is there when it is opened again [STORE-1, STORE-2]", async () => {
    const path = statePath();
    const database = await openDatabase(path);
    createSqliteSessionStore(database).put(RECORD);
    database.close();
    expect(createSqliteSessionStore(await openDatabase(path)).list()).toEqual([RECORD]);
  });

  it("has what was committed by a process that was killed [STORE-1]", async () => {
    const path = statePath();
    const program = `
      const { openSqliteDatabase, createSqliteSessionStore } = await import(process.argv[1]);
      createSqliteSessionStore(await openSqliteDatabase(process.argv[2])).put(${JSON.stringify(RECORD)});
      process.kill(process.pid, "SIGKILL");`;
    const door = new URL("../../../../src/server/index.ts", import.meta.url).href;
    const args = ["--conditions=moorline-source", "--input-type=module", "-e", program, door, path];
    expect(() => execFileSync(process.execPath, args, { stdio: "ignore" })).toThrow(
      expect.objectContaining({ signal: "SIGKILL" }),
    );
    expect(createSqliteSessionStore(await openDatabase(path)).list()).toEqual([RECORD]);
  });

  it("refuses one of a newer version, and leaves it as it is [STORE-2, STORE-3]", async () => {
    const path = statePath();
    (await openDatabase(path)).close();
    alter(path, "PRAGMA user_version = 999; PRAGMA journal_mode = DELETE");
    const before = readFileSync(path);
    await expect(openDatabase(path)).rejects.toEqual(errorOf("DATABASE_NEWER"));
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("refuses one of another program, and leaves it as it is [STORE-2, STORE-3]", async () => {
    const path = statePath();
    alter(path, "CREATE TABLE theirs (a)");
    const before = readFileSync(path);
    await expect(openDatabase(path)).rejects.toEqual(errorOf("DATABASE_UNUSABLE"));
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("refuses what is no database, or is cut off [STORE-3]", async () => {
    const [garbage, cut] = [statePath(), statePath()];
    writeFileSync(garbage, "This is a letter to a friend. ".repeat(100));
    await expect(openDatabase(garbage)).rejects.toEqual(errorOf("DATABASE_CORRUPT"));
    (await openDatabase(cut)).close();
    truncateSync(cut, 8192);
    await expect(openDatabase(cut)).rejects.toEqual(errorOf("DATABASE_CORRUPT"));
  });

  it("refuses a path that is a directory, or whose directory is a file [STORE-3]", async () => {
    const path = statePath();
    mkdirSync(path);
    await expect(openDatabase(path)).rejects.toEqual(errorOf("DATABASE_UNUSABLE"));
    const file = statePath();
    writeFileSync(file, "");
    await expect(openDatabase(join(file, "state.db"))).rejects.toEqual(errorOf("DATABASE_UNUSABLE"));
  });

  it("refuses one that is open elsewhere, until it is closed there [STORE-1, STORE-3]", async () => {
    const path = statePath();
    const first = await openDatabase(path);
    const second = openDatabase(path, { busyTimeoutMs: 1 });
    await expect(second).rejects.toEqual(errorOf("DATABASE_LOCKED"));
    await expect(second).rejects.toThrow("Stop the other program");
    first.close();
    await openDatabase(path, { busyTimeoutMs: 1 });
  });

  it.each([{ busyTimeoutMs: -1 }, { busyTimeoutMs: Number.NaN }, { maxBytes: 0 }, { maxBytes: Number.NaN }])(
    "refuses the options %o [STORE-3]",
    async (options) => {
      await expect(openDatabase(statePath(), options)).rejects.toEqual(errorOf("OPTION_INVALID"));
    },
  );
});

describe("SqliteDatabase", () => {
  it("undoes a transaction that throws, and goes on [STORE-1]", async () => {
    const database = await openDatabase(":memory:");
    const store = createSqliteSessionStore(database);
    const fails = () =>
      database.transact(() => {
        store.put(RECORD);
        throw new MoorlineError("UNEXPECTED", "no");
      });
    expect(fails).toThrow(errorOf("UNEXPECTED"));
    expect(store.list()).toEqual([]);
    database.transact(() => store.put(RECORD));
    expect(store.list()).toEqual([RECORD]);
  });

  it("has no more than its bytes, and goes on when there is room again [STORE-3]", async () => {
    const database = await openDatabase(statePath(), { maxBytes: 180_000 });
    const store = createSqliteSessionStore(database);
    const principal = "x".repeat(100_000);
    const put = () => store.put({ ...RECORD, sessionHash: "b", principal });
    store.put({ ...RECORD, principal });
    expect(put).toThrow(errorOf("STORAGE_FULL"));
    store.delete("a");
    put();
    expect(store.list()).toHaveLength(1);
  });

  it("says so when it is closed [STORE-3]", async () => {
    const database = await openDatabase(":memory:");
    const store = createSqliteSessionStore(database);
    database.close();
    database.close();
    expect(() => store.list()).toThrow(errorOf("STORAGE_CLOSED"));
    expect(() => database.prepare("SELECT 1")).toThrow(errorOf("STORAGE_CLOSED"));
    expect(() => database.transact(() => 1)).toThrow(errorOf("STORAGE_CLOSED"));
  });

  it("gives a program tables of its own, forward only [STORE-2]", async () => {
    const path = statePath();
    const steps = ["CREATE TABLE mine (a INTEGER)", "ALTER TABLE mine ADD COLUMN b INTEGER"];
    const first = await openDatabase(path);
    first.migrate("daemon", steps.slice(0, 1));
    first.prepare("INSERT INTO mine VALUES (1)").run();
    first.close();
    const second = await openDatabase(path);
    second.migrate("daemon", steps);
    second.migrate("daemon", steps);
    expect(second.prepare("SELECT * FROM mine").all()).toEqual([{ a: 1, b: null }]);
    expect(() => second.migrate("daemon", steps.slice(0, 1))).toThrow(errorOf("DATABASE_NEWER"));
    expect(() => second.migrate("daemon", [...steps, "CREATE TABLE late (a INTEGER)", "nonsense"])).toThrow(
      errorOf("STORAGE_FAILED"),
    );
    expect(second.prepare("SELECT name FROM sqlite_schema WHERE name = 'late'").all()).toEqual([]);
  });
});
