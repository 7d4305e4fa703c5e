import type { SessionRecord, SessionStore } from "./store.ts";

/**
 * Writes sessions to their store, one after the other. What has not been written when it changes again is written once, so
 * that a slow store holds up nothing and what waits is never more than the sessions that there are.
 */
export class SessionSaver {
  private readonly store: SessionStore;
  private readonly onFailed: (error: unknown) => void;
  /** The latest of each session that is not written; undefined where it is to be deleted. */
  private readonly waiting = new Map<string, SessionRecord | undefined>();
  private writing: Promise<void> | undefined = undefined;

  /** @param store Where to. @param onFailed Hears what the store throws. */
  constructor(store: SessionStore, onFailed: (error: unknown) => void) {
    this.store = store;
    this.onFailed = onFailed;
  }

  /** Keeps a session. */
  put(record: SessionRecord): void {
    this.waiting.set(record.sessionHash, record);
    this.write();
  }

  /** Forgets a session. */
  delete(sessionHash: string): void {
    this.waiting.set(sessionHash, undefined);
    this.write();
  }

  /** Resolves when everything is written. Never rejects. */
  async flush(): Promise<void> {
    while (this.writing !== undefined) await this.writing;
  }

  /** Writes at once as long as the store answers at once. */
  private write(): void {
    if (this.writing !== undefined) return;
    for (const [sessionHash, record] of this.waiting) {
      this.waiting.delete(sessionHash);
      const written = this.attempt(sessionHash, record);
      if (written === undefined) continue;
      this.writing = written.then(undefined, this.onFailed).then(() => {
        this.writing = undefined;
        this.write();
      });
      return;
    }
  }

  private attempt(sessionHash: string, record: SessionRecord | undefined): Promise<void> | undefined {
    try {
      const written = record === undefined ? this.store.delete(sessionHash) : this.store.put(record);
      return written instanceof Promise ? written : undefined;
    } catch (error) {
      this.onFailed(error);
      return undefined;
    }
  }
}
