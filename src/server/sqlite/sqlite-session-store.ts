import type { SessionRecord, SessionStore } from "../store.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";

/**
 * Keeps the sessions of a daemon in a database. A record that `put` or `delete` came back from is on disk.
 * @param database Where; it is closed by whoever opened it. Spec: STORE-4.
 */
export function createSqliteSessionStore(database: SqliteDatabase): SessionStore {
  const list = database.prepare("SELECT * FROM session");
  const put = database.prepare("INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?)");
  const remove = database.prepare("DELETE FROM session WHERE session_hash = ?");
  return {
    list: () => database.run(() => list.all().map(rowToRecord)),
    put({ sessionHash, sessionRef, principal, createdAtMs, idleLeftMs }) {
      database.run(() => put.run(sessionHash, sessionRef, principal, createdAtMs, idleLeftMs));
    },
    delete(sessionHash) {
      database.run(() => remove.run(sessionHash));
    },
  };
}

function rowToRecord(row: Readonly<Record<string, unknown>>): SessionRecord {
  return {
    sessionHash: String(row.session_hash),
    sessionRef: String(row.session_ref),
    principal: String(row.principal),
    createdAtMs: Number(row.created_at_ms),
    idleLeftMs: Number(row.idle_left_ms),
  };
}
