import type { SqliteDatabase } from "../sqlite/sqlite-database.ts";

/** A row, as SQLite gives it. */
export type Row = Readonly<Record<string, unknown>>;

const ITEM = "seq, revision, created_revision, base_revision, created_at_ms, text_bytes, payload";

/** The statements that read timelines. */
export function prepareReads(database: SqliteDatabase) {
  return {
    lastId: database.prepare("SELECT seq AS id FROM sqlite_sequence WHERE name = 'timeline_log'"),
    find: database.prepare("SELECT * FROM timeline_log WHERE name = ?"),
    list: database.prepare("SELECT * FROM timeline_log ORDER BY id"),
    size: database.prepare(
      "SELECT length(payload) AS payload_bytes, text_bytes FROM timeline_item WHERE log = ? AND seq = ?",
    ),
    forward: database.prepare(`SELECT ${ITEM} FROM timeline_item WHERE log = ? AND seq > ? ORDER BY seq LIMIT ?`),
    backward: database.prepare(`SELECT ${ITEM} FROM timeline_item WHERE log = ? AND seq < ? ORDER BY seq DESC LIMIT ?`),
    changedSeqs: database.prepare(
      "SELECT seq FROM timeline_item INDEXED BY timeline_item_by_revision WHERE log = ? AND revision > ? LIMIT ?",
    ),
    firstChangedSeq: database.prepare(
      "SELECT min(seq) AS seq FROM timeline_item INDEXED BY timeline_item_by_revision WHERE log = ? AND revision > ?",
    ),
    // The unary plus keeps the index of revisions out: the rows are wanted by seq.
    changedAfter: database.prepare(
      `SELECT ${ITEM} FROM timeline_item WHERE log = ? AND seq > ? AND +revision > ? ORDER BY seq LIMIT ?`,
    ),
    changedItem: database.prepare(`SELECT ${ITEM} FROM timeline_item WHERE log = ? AND seq = ? AND +revision > ?`),
    text: database.prepare("SELECT revision, data FROM timeline_text WHERE log = ? AND seq = ? ORDER BY start DESC"),
  };
}

/** The statements that write timelines. */
export function prepareWrites(database: SqliteDatabase) {
  return {
    makeLog: database.prepare(
      "INSERT INTO timeline_log (id, name, epoch, last_seq, revision, record) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    moveLog: database.prepare("UPDATE timeline_log SET last_seq = ?, revision = ? WHERE id = ?"),
    changeLog: database.prepare("UPDATE timeline_log SET last_seq = ?, revision = ?, record = ? WHERE id = ?"),
    /** In this order: the log goes last. */
    deleteLog: [
      database.prepare("DELETE FROM timeline_text WHERE log = ?"),
      database.prepare("DELETE FROM timeline_item WHERE log = ?"),
      database.prepare("DELETE FROM timeline_log WHERE id = ?"),
    ],
    appendItem: database.prepare(
      "INSERT INTO timeline_item (log, seq, revision, created_revision, base_revision, created_at_ms, text_bytes, payload)" +
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    ),
    replaceItem: database.prepare(
      "UPDATE timeline_item SET revision = ?, base_revision = ?, text_bytes = ?, payload = ? WHERE log = ? AND seq = ?",
    ),
    growItem: database.prepare("UPDATE timeline_item SET revision = ?, text_bytes = ? WHERE log = ? AND seq = ?"),
    appendText: database.prepare("INSERT INTO timeline_text (log, seq, start, revision, data) VALUES (?, ?, ?, ?, ?)"),
    deleteText: database.prepare("DELETE FROM timeline_text WHERE log = ? AND seq = ?"),
  };
}
