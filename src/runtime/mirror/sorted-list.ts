/** From so many changes on, everything is sorted anew, or gone through once. */
const FEW_CHANGES = 16;

/**
 * Values in an order, as an array that is made when it is asked for, and never changed afterwards. Nothing is sorted for
 * each change: a few changes are put into a copy of the last array, many lead to a new sort.
 */
export class SortedList<T> {
  private readonly compare: (a: T, b: T) => number;
  private made: readonly T[] | undefined = undefined;
  /** Values of the array that are not there any more. */
  private readonly gone = new Set<T>();
  /** Values that the array has not got. */
  private readonly added = new Set<T>();

  /** @param compare A total order: only for one and the same value 0. */
  constructor(compare: (a: T, b: T) => number) {
    this.compare = compare;
  }

  /** Everything is another one. */
  forget(): void {
    this.made = undefined;
    this.gone.clear();
    this.added.clear();
  }

  /** A value takes the place of another one, comes, or goes. */
  change(before: T | undefined, after: T | undefined): void {
    if (this.made === undefined) return;
    if (before !== undefined && !this.added.delete(before)) this.gone.add(before);
    if (after !== undefined) this.added.add(after);
    // Whoever does not ask for it, does not pay for it.
    if (this.gone.size + this.added.size > FEW_CHANGES + this.made.length / 4) this.forget();
  }

  /** The array: the very same one where nothing has changed. @param values All of them, in any order. */
  list(values: () => Iterable<T>): readonly T[] {
    if (this.made !== undefined && this.gone.size + this.added.size === 0) return this.made;
    const next = (this.made && this.patch(this.made)) ?? [...values()].sort(this.compare);
    this.forget();
    this.made = next;
    return next;
  }

  private patch(made: readonly T[]): T[] | undefined {
    return this.gone.size + this.added.size <= FEW_CHANGES ? this.splice(made) : this.merge(made);
  }

  /** Writes anew only what lies between the changes. @returns undefined where a value is not where the order says. */
  private splice(made: readonly T[]): T[] | undefined {
    const gone: number[] = [];
    for (const value of this.gone) {
      const place = this.placeOf(made, value);
      if (made[place] !== value) return undefined;
      gone.push(place);
    }
    gone.sort((a, b) => a - b);
    const added = [...this.added].sort(this.compare).map((value) => ({ value, place: this.placeOf(made, value) }));
    const next = made.slice();
    let to = Math.min(gone[0] ?? made.length, added[0]?.place ?? made.length);
    let [nextGone, nextAdded] = [0, 0];
    for (let from = to; from <= made.length; from += 1) {
      for (; added[nextAdded]?.place === from; nextAdded += 1) next[to++] = (added[nextAdded] as { value: T }).value;
      if (gone[nextGone] === from) nextGone += 1;
      else if (from < made.length) next[to++] = made[from] as T;
      // All changes are done, and what follows is where it was.
      if (to === from + 1 && nextGone === gone.length && nextAdded === added.length) return next;
    }
    next.length = to;
    return next;
  }

  private merge(made: readonly T[]): T[] {
    const added = [...this.added].sort(this.compare);
    const next: T[] = [];
    let i = 0;
    for (const value of made) {
      if (this.gone.has(value)) continue;
      for (; i < added.length && this.compare(added[i] as T, value) < 0; i += 1) next.push(added[i] as T);
      next.push(value);
    }
    for (; i < added.length; i += 1) next.push(added[i] as T);
    return next;
  }

  /** The first place whose value does not come before `value`. */
  private placeOf(values: readonly T[], value: T): number {
    let low = 0;
    let high = values.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compare(values[middle] as T, value) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
