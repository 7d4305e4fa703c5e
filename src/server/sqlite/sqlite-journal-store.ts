import type { Clock } from "../../core/clock.ts";
import { systemClock } from "../../transport/system-clock.ts";
import type { JournalEntry, JournalSession, JournalStore, JournalUse } from "../journal/journal-store.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { SqliteTurn } from "./sqlite-turn.ts";

/** How a journal in a database is made. */
export interface SqliteJournalOptions {
  /** Time. Default: the system's. */
  readonly clock?: Clock;
}

type Row = Readonly<Record<string, unknown>>;

/**
 * Keeps the journal of a daemon in a database. What `accept` or `complete` has resolved for is on disk; what is written in
 * one turn of the event loop is one transaction.
 * @param database Where; it is closed by whoever opened it. @param options Time. Spec: STORE-5.
 */
export function createSqliteJournalStore(database: SqliteDatabase, options: SqliteJournalOptions = {}): JournalStore {
  const turn = new SqliteTurn(database, options.clock ?? systemClock);
  const find = database.prepare("SELECT * FROM journal_entry WHERE session_hash = ? AND key = ?");
  const sessions = database.prepare(SESSIONS);
  const list = database.prepare(LIST);
  const accept = database.prepare("INSERT OR REPLACE INTO journal_entry VALUES (?, ?, ?, ?, ?, ?, ?)");
  const complete = database.prepare("UPDATE journal_entry SET outcome = ? WHERE session_hash = ? AND key = ?");
  const remove = database.prepare("DELETE FROM journal_entry WHERE session_hash = ? AND key = ?");
  const removeSession = database.prepare("DELETE FROM journal_entry WHERE session_hash = ?");
  const purge = database.prepare("DELETE FROM journal_entry WHERE accepted_at_ms < ?");
  return {
    find(sessionHash, key) {
      const row = database.run(() => find.get(sessionHash, key));
      return row === undefined ? undefined : rowToEntry(row);
    },
    sessions: () => database.run(() => sessions.all().map(rowToSession)),
    list: (sessionHash) => database.run(() => list.all(sessionHash).map(rowToUse)),
    accept: ({ sessionHash, key, method, requestHash, acceptedAtMs, epoch, outcome = null }) =>
      turn.add(() => accept.run(sessionHash, key, method, requestHash, acceptedAtMs, epoch, outcome)),
    complete: (sessionHash, key, outcome) => turn.add(() => complete.run(outcome, sessionHash, key)),
    delete: (sessionHash, key) => turn.add(() => remove.run(sessionHash, key)),
    deleteSession: (sessionHash) => turn.add(() => removeSession.run(sessionHash)),
    purge: (acceptedBeforeMs) => turn.add(() => purge.run(acceptedBeforeMs)),
  };
}

const SESSIONS =
  "SELECT session_hash, max(accepted_at_ms) AS last_accepted_at_ms FROM journal_entry GROUP BY session_hash";

const LIST = `
  SELECT key, accepted_at_ms, length(outcome) AS outcome_bytes FROM journal_entry
  WHERE session_hash = ? ORDER BY accepted_at_ms
`;

function rowToSession({ session_hash, last_accepted_at_ms }: Row): JournalSession {
  return { sessionHash: String(session_hash), lastAcceptedAtMs: Number(last_accepted_at_ms) };
}

function rowToEntry({ session_hash, key, method, request_hash, accepted_at_ms, epoch, outcome }: Row): JournalEntry {
  return {
    sessionHash: String(session_hash),
    key: String(key),
    method: String(method),
    requestHash: String(request_hash),
    acceptedAtMs: Number(accepted_at_ms),
    epoch: String(epoch),
    outcome: outcome instanceof Uint8Array ? outcome : undefined,
  };
}

function rowToUse({ key, accepted_at_ms, outcome_bytes }: Row): JournalUse {
  const outcomeBytes = typeof outcome_bytes === "number" ? outcome_bytes : undefined;
  return { key: String(key), acceptedAtMs: Number(accepted_at_ms), outcomeBytes };
}
