import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import type { MirrorSave, MirrorStorage, StoredEntry } from "../runtime/storage/mirror-storage.ts";
import { MoorlineError, type SharedErrorCode } from "../wire/moorline-error.ts";
import { nodeError } from "../wire/node-error.ts";

/** A storage of mirrors in a file. */
export interface SqliteMirrorStorage extends MirrorStorage {
  /** Closes the file. Whatever is asked for afterwards rejects with STORAGE_CLOSED. */
  close(): Promise<void>;
}

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;
const BUSY_TIMEOUT_MS = 1_000;
/** `MOOM` in ASCII. */
const APPLICATION_ID = 0x4d4f4f4d;
const PRIMARY_MASK = 0xff;
const CODES: Readonly<Record<number, SharedErrorCode>> = {
  11: "STORAGE_CORRUPT",
  13: "STORAGE_FULL",
  26: "STORAGE_CORRUPT",
};

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS mirror (
    key TEXT PRIMARY KEY,
    cursor BLOB NOT NULL,
    saved INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS mirror_entry (
    key TEXT NOT NULL,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (key, id)
  ) STRICT, WITHOUT ROWID;
`;

/**
 * A storage of mirrors in an SQLite database, which is made with its directory, mode 0600, when it is first used.
 * Several processes may share it. A save is one transaction; after a power cut the last ones may be missing. Spec: MIRROR-8.
 * @param path The path of the file.
 * @returns A storage that rejects with MoorlineError: STORAGE_CORRUPT where the file is no database, or a broken one,
 *   STORAGE_FULL, STORAGE_CLOSED, DATABASE_UNUSABLE where it belongs to another program, else STORAGE_FAILED.
 */
export function createSqliteMirrorStorage(path: string): SqliteMirrorStorage {
  let opening: Promise<Tables> | undefined;
  let state: "usable" | "closed" = "usable";
  /** A file that could not be opened may be opened later. */
  const again = (thrown: unknown): never => {
    opening = undefined;
    throw thrown;
  };
  const use = async <T>(work: (tables: Tables) => T): Promise<T> => {
    try {
      if (state === "closed") throw new MoorlineError("STORAGE_CLOSED", `The storage ${path} is closed.`);
      opening ??= openTables(path);
      return work(await opening.catch(again));
    } catch (thrown) {
      throw toError(thrown, path);
    }
  };
  return {
    name: path,
    load: (key) => use((tables) => tables.load(key)),
    save: (key, save) => use((tables) => tables.save(key, save)),
    delete: (key) => use((tables) => tables.delete(key)),
    list: () => use((tables) => tables.list()),
    async close() {
      state = "closed";
      const tables = await opening?.catch(() => undefined);
      opening = undefined;
      tables?.close();
    },
  };
}

async function openTables(path: string): Promise<Tables> {
  await mkdir(dirname(path), { recursive: true, mode: DIRECTORY_MODE });
  await (await open(path, "a", FILE_MODE)).close();
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(path);
  try {
    return new Tables(prepare(database, path));
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepare(database: DatabaseSync, path: string): DatabaseSync {
  database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  const { application_id: owner } = database.prepare("PRAGMA application_id").get() ?? {};
  const isEmpty = database.prepare("SELECT 1 FROM sqlite_schema").get() === undefined;
  if (owner !== APPLICATION_ID && !isEmpty) {
    throw nodeError("DATABASE_UNUSABLE", `The database ${path} belongs to another program.`);
  }
  // It is a copy: what a power cut takes is loaded anew.
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; ${SCHEMA}`);
  return database;
}

/** The tables, as a {@link MirrorStorage} needs them. */
class Tables {
  private readonly database: DatabaseSync;
  private readonly statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  load(key: string): { readonly cursor: Uint8Array; readonly entries: readonly StoredEntry[] } | undefined {
    return this.transact(() => {
      const cursor = this.cursorOf(key);
      if (cursor === undefined) return undefined;
      const rows = this.prepare("SELECT id, revision, bytes FROM mirror_entry WHERE key = ?").all(key);
      return { cursor, entries: rows.map(toEntry) };
    });
  }

  save(key: string, { cursor, isWhole, upserted, removed, fits }: MirrorSave): boolean {
    return this.transact(() => {
      if (!fits(this.cursorOf(key))) return false;
      if (isWhole) this.prepare("DELETE FROM mirror_entry WHERE key = ?").run(key);
      const remove = this.prepare("DELETE FROM mirror_entry WHERE key = ? AND id = ?");
      for (const id of removed) remove.run(key, id);
      const put = this.prepare("INSERT OR REPLACE INTO mirror_entry VALUES (?, ?, ?, ?)");
      for (const { id, revision, bytes } of upserted) put.run(key, id, revision, bytes);
      this.prepare("INSERT OR REPLACE INTO mirror SELECT ?, ?, coalesce(max(saved), 0) + 1 FROM mirror").run(
        key,
        cursor,
      );
      return true;
    });
  }

  delete(key: string): void {
    this.transact(() => {
      this.prepare("DELETE FROM mirror_entry WHERE key = ?").run(key);
      this.prepare("DELETE FROM mirror WHERE key = ?").run(key);
    });
  }

  list(): readonly string[] {
    return this.prepare("SELECT key FROM mirror ORDER BY saved")
      .all()
      .map((row) => String(row.key));
  }

  close(): void {
    this.database.close();
  }

  private cursorOf(key: string): Uint8Array | undefined {
    return this.prepare("SELECT cursor FROM mirror WHERE key = ?").get(key)?.cursor as Uint8Array | undefined;
  }

  private prepare(sql: string): StatementSync {
    const statement = this.statements.get(sql) ?? this.database.prepare(sql);
    this.statements.set(sql, statement);
    return statement;
  }

  private transact<T>(work: () => T): T {
    this.database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.database.exec("COMMIT");
      return result;
    } catch (error) {
      this.rollBack();
      throw error;
    }
  }

  private rollBack(): void {
    try {
      this.database.exec("ROLLBACK");
    } catch {
      // SQLite has done so already, as it does when there is no room left.
    }
  }
}

function toEntry({ id, revision, bytes }: Record<string, SQLOutputValue>): StoredEntry {
  return { id: String(id), revision: Number(revision), bytes: bytes as Uint8Array };
}

function toError(thrown: unknown, path: string): MoorlineError {
  if (thrown instanceof MoorlineError) return thrown;
  const { errcode } = (thrown ?? {}) as { readonly errcode?: unknown };
  const code = CODES[typeof errcode === "number" ? errcode & PRIMARY_MASK : 0] ?? "STORAGE_FAILED";
  const why = thrown instanceof Error ? thrown.message : "unknown";
  const action = code === "STORAGE_CORRUPT" ? { action: "Remove the file: it is a copy, and is made anew." } : {};
  return new MoorlineError(code, `The storage ${path} has failed: ${why}.`, { ...action, cause: thrown });
}
