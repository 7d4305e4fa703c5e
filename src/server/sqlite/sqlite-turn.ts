import type { Clock } from "../../core/clock.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";

interface Waiting {
  readonly write: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Gathers what one turn of the event loop writes to a database, and commits it together: a disk is waited for once. Spec: STORE-5. */
export class SqliteTurn {
  private readonly database: SqliteDatabase;
  private readonly clock: Clock;
  private waiting: Waiting[] = [];

  /** @param database Where. @param clock Says when the turn is over. */
  constructor(database: SqliteDatabase, clock: Clock) {
    this.database = database;
    this.clock = clock;
  }

  /** Writes something, after all that came before it. Resolves when it is committed; rejects where it has left nothing. */
  add(write: () => void): Promise<void> {
    if (this.waiting.length === 0) this.clock.defer(() => this.commit());
    return new Promise((resolve, reject) => {
      this.waiting.push({ write, resolve, reject });
    });
  }

  private commit(): void {
    const { waiting } = this;
    this.waiting = [];
    try {
      this.database.transact(() => {
        for (const { write } of waiting) write();
      });
    } catch {
      // One that cannot be written takes no other with it.
      for (const one of waiting) this.commitAlone(one);
      return;
    }
    for (const { resolve } of waiting) resolve();
  }

  private commitAlone({ write, resolve, reject }: Waiting): void {
    try {
      this.database.transact(write);
      resolve();
    } catch (error) {
      reject(error);
    }
  }
}
