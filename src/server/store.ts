/** What is kept of a session over restarts of the daemon. Neither the session key nor a credential is in it. */
export interface SessionRecord {
  /** The hash of the session key, 43 characters: the name of the record. */
  readonly sessionHash: string;
  /** What stands for the session in logs. */
  readonly sessionRef: string;
  /** Whom it belongs to. */
  readonly principal: string;
  /** When it began, in milliseconds since 1970; for people. */
  readonly createdAtMs: number;
  /** What is left of its lifetime without a channel, in milliseconds of the daemon running. */
  readonly idleLeftMs: number;
}

/**
 * Where a daemon keeps its sessions. The server asks for all of them once, before it answers its first hello, and is the
 * only one that changes them afterwards. It makes one call after the other, and gives up none: what rejects is reported,
 * and the session goes on in memory.
 */
export interface SessionStore {
  /** Every record that is kept. */
  list(): readonly SessionRecord[] | Promise<readonly SessionRecord[]>;
  /** Keeps a record, instead of one of the same name. */
  put(record: SessionRecord): void | Promise<void>;
  /** Forgets a record. Does nothing where there is none. */
  delete(sessionHash: string): void | Promise<void>;
}

/** A store that lasts as long as the process, or as whoever holds it. */
export function createMemorySessionStore(): SessionStore {
  const records = new Map<string, SessionRecord>();
  return {
    list: () => [...records.values()],
    put(record) {
      records.set(record.sessionHash, record);
    },
    delete(sessionHash) {
      records.delete(sessionHash);
    },
  };
}
