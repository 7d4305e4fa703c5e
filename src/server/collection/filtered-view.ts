import { Digest } from "../../wire/collection-digest.ts";
import type { Entry } from "./entry-list.ts";
import type { CollectionFilter } from "./piece.ts";

/** How many values match a filter and what their digest is: kept up with each change, once for all watchers of a filter. */
export class FilteredView<T> {
  readonly filter: CollectionFilter<T>;
  /** How many watchers share it. */
  watchers = 0;
  private matching = 0;
  private readonly sum = new Digest();

  /** @param filter The filter. @param first The first entry: all are looked at once. */
  constructor(filter: CollectionFilter<T>, first: Entry<T> | undefined) {
    this.filter = filter;
    for (let entry = first; entry !== undefined; entry = entry.after) this.add(entry);
  }

  /** How many values match. */
  get total(): number {
    return this.matching;
  }

  /** The digest of those that match. Spec: DIR-14. */
  get digest(): bigint {
    return this.sum.value;
  }

  /** Whether an entry matches: what was deleted does not. */
  matches({ value }: Entry<T>): boolean {
    return value !== undefined && this.filter.matches(value);
  }

  /** Counts an entry, as it is. */
  add(entry: Entry<T>): void {
    if (!this.matches(entry)) return;
    this.matching += 1;
    this.sum.add(entry.hash);
  }

  /** Counts an entry no more: before it changes. */
  subtract(entry: Entry<T>): void {
    if (!this.matches(entry)) return;
    this.matching -= 1;
    this.sum.subtract(entry.hash);
  }
}
