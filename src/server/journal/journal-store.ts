/** A keyed call, as a journal keeps it. */
export interface JournalEntry {
  /** The hash of the session key, 43 characters. Together with `key` the name of the entry. */
  readonly sessionHash: string;
  /** The idempotency key, 1 to 256 characters. */
  readonly key: string;
  /** `package.Service/Method`. */
  readonly method: string;
  /** SHA-256 of the encoded request, 43 characters of base64url. */
  readonly requestHash: string;
  /** When the call was accepted, in milliseconds since 1970. */
  readonly acceptedAtMs: number;
  /** The epoch of the daemon that has accepted it, 22 characters of base64url: new for each process. */
  readonly epoch: string;
  /** How the run ended, encoded; opaque to the store. Undefined while that is not known. */
  readonly outcome: Uint8Array | undefined;
}

/** What an entry takes up. */
export interface JournalUse {
  /** The idempotency key. */
  readonly key: string;
  /** When the call was accepted, in milliseconds since 1970. */
  readonly acceptedAtMs: number;
  /** How long the outcome is, in bytes. Undefined while there is none. */
  readonly outcomeBytes: number | undefined;
}

/** A session that has entries. */
export interface JournalSession {
  /** The hash of the session key. */
  readonly sessionHash: string;
  /** When the last of its calls was accepted, in milliseconds since 1970. */
  readonly lastAcceptedAtMs: number;
}

/**
 * Where a daemon remembers its keyed calls. The server is the only one that changes it. Calls about one key come one after
 * the other, those about several at any time. Whatever rejects, or throws, is reported and has failed as a whole: a call
 * whose acceptance fails is not run. The compliance suite of the tests holds a store to this.
 */
export interface JournalStore {
  /** The entry of a key, if there is one. */
  find(sessionHash: string, key: string): JournalEntry | undefined | Promise<JournalEntry | undefined>;
  /** The sessions that have entries, in any order. Called before anything is asked of a session. */
  sessions(): readonly JournalSession[] | Promise<readonly JournalSession[]>;
  /** What all entries of a session take up, in the order of their acceptance. */
  list(sessionHash: string): readonly JournalUse[] | Promise<readonly JournalUse[]>;
  /** Keeps an entry, instead of one of the same name. It is durable when this returns, or resolves. */
  accept(entry: JournalEntry): void | Promise<void>;
  /** Adds the outcome to an entry. It is durable when this returns, or resolves. Does nothing where there is no entry. */
  complete(sessionHash: string, key: string, outcome: Uint8Array): void | Promise<void>;
  /** Forgets an entry. Does nothing where there is none. */
  delete(sessionHash: string, key: string): void | Promise<void>;
  /** Forgets all entries of a session. */
  deleteSession(sessionHash: string): void | Promise<void>;
  /** Forgets all entries that were accepted before a time, in milliseconds since 1970. Called once, before any of a session. */
  purge(acceptedBeforeMs: number): void | Promise<void>;
}
