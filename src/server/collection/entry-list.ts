import type { Hash64 } from "../../wire/collection-digest.ts";

/** One id of a collection: what it holds now, or, where the value is undefined, that it was deleted. */
export interface Entry<T> {
  /** The id. */
  readonly id: string;
  /** How long the id is in UTF-8. */
  readonly idBytes: number;
  /** The hash of the id, see `hashId`. */
  readonly idHash: Hash64;
  /** The revision of the last change. */
  revision: number;
  /** The value. Undefined: deleted. */
  value: T | undefined;
  /** The hash of id and revision, for digests. */
  hash: Hash64;
  /** What the value takes in a message, in bytes. Undefined: nobody has asked yet. */
  bytes: number | undefined;
  /** The neighbour of the next lower revision, kept by the list. */
  before: Entry<T> | undefined;
  /** The neighbour of the next higher revision, kept by the list. */
  after: Entry<T> | undefined;
}

/**
 * The entries of a collection in ascending revision, deleted ones included. Whoever follows the collection stands at one
 * entry and walks up: that is why an id is waiting for a watcher once at most, however often it changes, and why a watcher
 * that does not read costs no memory.
 */
export class EntryList<T> {
  private lowest: Entry<T> | undefined = undefined;
  private highest: Entry<T> | undefined = undefined;

  /** The entry of the lowest revision. */
  get first(): Entry<T> | undefined {
    return this.lowest;
  }

  /** The entry of the highest revision. */
  get last(): Entry<T> | undefined {
    return this.highest;
  }

  /** Adds an entry, whose revision has to be the highest. */
  append(entry: Entry<T>): void {
    entry.before = this.highest;
    entry.after = undefined;
    if (this.highest === undefined) this.lowest = entry;
    else this.highest.after = entry;
    this.highest = entry;
  }

  /** Takes out an entry that is in the list. */
  remove(entry: Entry<T>): void {
    const { before, after } = entry;
    if (before === undefined) this.lowest = after;
    else before.after = after;
    if (after === undefined) this.highest = before;
    else after.before = before;
    entry.before = undefined;
    entry.after = undefined;
  }

  /** The first entry above a revision; costs as much as there are entries above it. */
  firstAbove(revision: number): Entry<T> | undefined {
    let found: Entry<T> | undefined;
    for (let entry = this.highest; entry !== undefined && entry.revision > revision; entry = entry.before) {
      found = entry;
    }
    return found;
  }

  /** The last entry below a revision; costs as much as there are entries at or above it. */
  lastBelow(revision: number): Entry<T> | undefined {
    let entry = this.highest;
    while (entry !== undefined && entry.revision >= revision) entry = entry.before;
    return entry;
  }
}
