/** Marks a database as one of Moorline: `MOOR` in ASCII. Spec: STORE-2. */
export const APPLICATION_ID = 0x4d4f4f52;

const SESSIONS = `
  CREATE TABLE session (
    session_hash TEXT PRIMARY KEY,
    session_ref TEXT NOT NULL,
    principal TEXT NOT NULL,
    created_at_ms REAL NOT NULL,
    idle_left_ms REAL NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

/**
 * A revision is kept for each item's birth, its last replacement and its last change: a watcher is sent the whole item or
 * only its new text by them. Text lies in pieces, so that it grows without being written anew.
 */
const TIMELINES = `
  CREATE TABLE timeline_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    epoch TEXT NOT NULL,
    last_seq INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    record BLOB NOT NULL
  ) STRICT;
  CREATE TABLE timeline_item (
    log INTEGER NOT NULL REFERENCES timeline_log (id),
    seq INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    created_revision INTEGER NOT NULL,
    base_revision INTEGER NOT NULL,
    created_at_ms REAL NOT NULL,
    text_bytes INTEGER NOT NULL,
    payload BLOB NOT NULL,
    PRIMARY KEY (log, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX timeline_item_by_revision ON timeline_item (log, revision);
  CREATE TABLE timeline_text (
    log INTEGER NOT NULL REFERENCES timeline_log (id),
    seq INTEGER NOT NULL,
    start INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (log, seq, start)
  ) STRICT, WITHOUT ROWID;
`;

/** One row for each keyed call. They are found by their name, and forgotten by their age. */
const JOURNAL = `
  CREATE TABLE journal_entry (
    session_hash TEXT NOT NULL,
    key TEXT NOT NULL,
    method TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    accepted_at_ms REAL NOT NULL,
    epoch TEXT NOT NULL,
    outcome BLOB,
    PRIMARY KEY (session_hash, key)
  ) STRICT;
  CREATE INDEX journal_entry_by_time ON journal_entry (accepted_at_ms);
`;

/** Where programs keep the versions of their own tables. */
const COMPONENTS = `
  CREATE TABLE component (
    name TEXT PRIMARY KEY,
    version INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

/** The steps of Moorline's own tables. A step is never changed once it was released; the next version is one more step. */
export const SCHEMA_STEPS: readonly string[] = [COMPONENTS + SESSIONS + TIMELINES + JOURNAL];
