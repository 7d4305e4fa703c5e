import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { openSqliteDatabase, type SqliteDatabase, type SqliteOptions } from "../../../../src/server/index.ts";

/** A directory of the test, removed after it. */
export function createDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "moorline-sqlite-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Opens a database that is closed with the test. */
export async function openDatabase(path: string, options: SqliteOptions = {}): Promise<SqliteDatabase> {
  const database = await openSqliteDatabase(path, options);
  onTestFinished(() => database.close());
  return database;
}
