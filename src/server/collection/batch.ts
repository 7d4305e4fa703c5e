import type { Entry } from "./entry-list.ts";
import type { EntriesChanged, UpsertedEntry } from "./piece.ts";

/** The most entries of one batch. Spec: DIR-6. */
export const MAX_BATCH_ENTRIES = 200;
/** The most bytes of one batch, unless a single entry is larger. Spec: DIR-6. */
export const MAX_BATCH_BYTES = 24 * 1024;
/** What an entry takes beside its value or id: tags, lengths and the revision. */
const ENTRY_OVERHEAD_BYTES = 20;

/** Entries that go together. */
export class Batch<T> {
  private readonly upserted: UpsertedEntry<T>[] = [];
  private readonly removedIds: string[] = [];
  private bytes = 0;

  /** How many entries it has. */
  get length(): number {
    return this.upserted.length + this.removedIds.length;
  }

  /**
   * Adds a value that matches.
   * @param size What the value takes in a message.
   * @returns false where the batch is full: it was not added.
   */
  upsert(entry: Entry<T>, value: T, size: number): boolean {
    if (!this.take(size)) return false;
    this.upserted.push({ id: entry.id, value, revision: entry.revision });
    return true;
  }

  /** Adds an id that does not match. @returns false where the batch is full: it was not added. */
  remove(entry: Entry<T>): boolean {
    if (!this.take(entry.idBytes)) return false;
    this.removedIds.push(entry.id);
    return true;
  }

  /** The batch as a piece. Undefined where it is empty. */
  toPiece(): EntriesChanged<T> | undefined {
    const { upserted, removedIds } = this;
    return this.length === 0 ? undefined : { kind: "changed", upserted, removedIds };
  }

  private take(size: number): boolean {
    const bytes = this.bytes + size + ENTRY_OVERHEAD_BYTES;
    const isFull = this.length >= MAX_BATCH_ENTRIES || bytes > MAX_BATCH_BYTES;
    // What is larger than a whole batch goes alone.
    if (isFull && this.length > 0) return false;
    this.bytes = bytes;
    return true;
  }
}
