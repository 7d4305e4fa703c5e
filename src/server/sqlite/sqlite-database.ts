import { existsSync } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { MoorlineError } from "../../wire/moorline-error.ts";
import { nodeError } from "../../wire/node-error.ts";
import { sqliteToMoorlineError } from "./sqlite-errors.ts";
import { APPLICATION_ID, SCHEMA_STEPS } from "./sqlite-schema.ts";

/** How a database is opened. */
export interface SqliteOptions {
  /** How long a lock of another program is waited for, in milliseconds; nothing else runs meanwhile. Default 1,000. */
  readonly busyTimeoutMs?: number;
  /** The most bytes that the database may have, without its log of changes; counted in whole pages. Default: no limit. */
  readonly maxBytes?: number;
}

const BUSY_TIMEOUT_MS = 1000;
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

/**
 * Opens a database of Moorline, and makes it and its directory where they are missing. It belongs to this process alone
 * until it is closed. What is committed survives the process and a power cut. `node:sqlite` is loaded by this call.
 * @param path The path of the file, or `:memory:`.
 * @throws MoorlineError DATABASE_LOCKED, DATABASE_NEWER, DATABASE_CORRUPT, DATABASE_UNUSABLE, OPTION_INVALID. Spec: STORE-1,
 * STORE-2, STORE-3.
 */
export async function openSqliteDatabase(path: string, options: SqliteOptions = {}): Promise<SqliteDatabase> {
  if (path !== ":memory:") await makeFile(path);
  const { DatabaseSync } = await import("node:sqlite");
  let handle: DatabaseSync | undefined;
  try {
    handle = new DatabaseSync(path);
    prepareDatabase(handle, path, options);
    return new SqliteDatabase(handle, path);
  } catch (error) {
    handle?.close();
    throw sqliteToMoorlineError(error, path);
  }
}

/** A database that is open, of this process alone. Made by {@link openSqliteDatabase}. */
export class SqliteDatabase {
  /** The path it was opened with. */
  readonly path: string;
  private readonly handle: DatabaseSync;
  private state: "open" | "closed" = "open";

  /** @param handle The open database, with Moorline's tables. @param path Its path, for people. */
  constructor(handle: DatabaseSync, path: string) {
    this.handle = handle;
    this.path = path;
  }

  /** Makes a statement that can be used again and again. @throws MoorlineError STORAGE_CLOSED, or what SQLite says. */
  prepare(sql: string): StatementSync {
    return this.run(() => this.handle.prepare(sql));
  }

  /** Runs something that uses the database. @throws MoorlineError STORAGE_CLOSED, or what SQLite says. Spec: STORE-3. */
  run<T>(work: () => T): T {
    if (this.state === "closed") throw new MoorlineError("STORAGE_CLOSED", `The database ${this.path} is closed.`);
    try {
      return work();
    } catch (error) {
      throw sqliteToMoorlineError(error, this.path);
    }
  }

  /** Runs something in one transaction, which is committed when this returns, or undone when it throws. Spec: STORE-1. */
  transact<T>(work: () => T): T {
    return this.run(() => transact(this.handle, work));
  }

  /**
   * Brings the tables of a program to their last version. The steps that were not done yet run in one transaction.
   * @param name Whose tables they are. @param steps SQL, one for each version; those of a release are never changed.
   * @throws MoorlineError DATABASE_NEWER where more steps were done than there are. Spec: STORE-2.
   */
  migrate(name: string, steps: readonly string[]): void {
    const row = this.prepare("SELECT version FROM component WHERE name = ?").get(name);
    const version = Number(row?.version ?? 0);
    assertNotNewer(this.path, version, steps.length);
    if (version === steps.length) return;
    this.transact(() => {
      for (const step of steps.slice(version)) this.handle.exec(step);
      this.prepare("INSERT OR REPLACE INTO component VALUES (?, ?)").run(name, steps.length);
    });
  }

  /** Closes the database. Does nothing where it is closed. */
  close(): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.handle.close();
  }
}

/** Makes a file that only this user can read; SQLite gives its other files the same mode. */
async function makeFile(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: DIRECTORY_MODE });
    await (await open(path, "a", FILE_MODE)).close();
  } catch (cause) {
    if (existsSync(path)) return;
    throw nodeError("DATABASE_UNUSABLE", `There is no directory for the database ${path}.`, { cause });
  }
}

function prepareDatabase(handle: DatabaseSync, path: string, options: SqliteOptions): void {
  const { busyTimeoutMs = BUSY_TIMEOUT_MS, maxBytes = Number.POSITIVE_INFINITY } = options;
  assertAtLeast("busyTimeoutMs", busyTimeoutMs, 0);
  assertAtLeast("maxBytes", maxBytes, 1);
  handle.exec(`PRAGMA busy_timeout = ${Math.trunc(busyTimeoutMs)}`);
  // Before the first read: the lock is then kept until the end, and a second daemon on the same state learns of it.
  handle.exec("PRAGMA locking_mode = EXCLUSIVE");
  // Also before the first write: what belongs to others is left as it is.
  assertOwn(handle, path);
  assertNotNewer(path, numberOf(handle, "user_version"), SCHEMA_STEPS.length);
  handle.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
  migrateOwnTables(handle);
  const pages = Math.floor(maxBytes / numberOf(handle, "page_size"));
  if (Number.isFinite(pages)) handle.exec(`PRAGMA max_page_count = ${Math.max(1, pages)}`);
}

/** Writes nothing where the tables are those of this version: whoever refuses what is in them leaves the file as it was. */
function migrateOwnTables(handle: DatabaseSync): void {
  const version = numberOf(handle, "user_version");
  if (version === SCHEMA_STEPS.length) return;
  transact(handle, () => {
    for (const step of SCHEMA_STEPS.slice(version)) handle.exec(step);
    handle.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_STEPS.length}`);
  });
}

function assertOwn(handle: DatabaseSync, path: string): void {
  if (numberOf(handle, "application_id") === APPLICATION_ID) return;
  if (handle.prepare("SELECT 1 FROM sqlite_schema").get() === undefined) return;
  throw nodeError("DATABASE_UNUSABLE", `The database ${path} belongs to another program.`);
}

function assertNotNewer(path: string, version: number, known: number): void {
  if (version <= known) return;
  const text = `The database ${path} has version ${version}, and this program knows versions up to ${known}.`;
  throw nodeError("DATABASE_NEWER", text);
}

function assertAtLeast(name: string, value: number, least: number): void {
  if (value >= least) return;
  throw new MoorlineError("OPTION_INVALID", `The option ${name} is ${value}, and must be ${least} or more.`);
}

function numberOf(handle: DatabaseSync, pragma: string): number {
  return Number(Object.values(handle.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
}

function transact<T>(handle: DatabaseSync, work: () => T): T {
  handle.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    handle.exec("COMMIT");
    return result;
  } catch (error) {
    rollBack(handle);
    throw error;
  }
}

function rollBack(handle: DatabaseSync): void {
  try {
    handle.exec("ROLLBACK");
  } catch {
    // SQLite has done so already, as it does when there is no room left.
  }
}
