import { type ListRange, NOTHING, type Order } from "./list-source.ts";

/** From so many changes on, and a quarter of the list, it is made anew. */
const FEW_CHANGES = 16;
/** Where a value is that is not where the order says. */
const NOWHERE = -1;

/** How a {@link SortedList} is made. */
export interface SortedListOptions<T, K> {
  /** Gives all values, in the order, as a list that never changes. Asked where following the changes does not pay. */
  readonly make: () => readonly T[];
  /** What a value is called, whatever becomes of it. */
  readonly keyOf: (value: T) => K;
  /** Whether two keys are the same. Default: `Object.is`. */
  readonly isSameKey?: ((a: K, b: K) => boolean) | undefined;
}

/** A value, and before which of the others it comes. */
interface Placed<T> {
  readonly place: number;
  readonly value: T;
}

/**
 * Values in an order, and their keys in the same, each as a list that never changes once it is handed out, and that is made
 * when it is asked for. A value that changes and keeps its place is found by halving, and the keys stay the very same list:
 * only where places change is a list written anew, between the first and the last of these places.
 */
export class SortedList<T, K> {
  private readonly options: SortedListOptions<T, K>;
  private order: Order<T>;
  private values: readonly T[] | undefined = undefined;
  /** The values, as long as nobody has been given them: then they are changed where they are. */
  private own: T[] | undefined = undefined;
  /** The keys, once somebody has asked for them. */
  private keys: readonly K[] | undefined = undefined;
  /** What was handed out last. */
  private given: { values: readonly T[]; keys: readonly K[] } = { values: NOTHING, keys: NOTHING };
  /** Values that are not in the list yet, and in whose place each comes. */
  private readonly coming = new Map<T, T | undefined>();
  /** Values of the list that are gone, and nothing has come in their place. */
  private readonly gone = new Set<T>();

  constructor(order: Order<T>, options: SortedListOptions<T, K>) {
    this.order = order;
    this.options = options;
  }

  /** Everything may be another one. @param order From now on. */
  forget(order: Order<T> = this.order): void {
    this.order = order;
    this.values = undefined;
    this.own = undefined;
    this.keys = undefined;
    this.coming.clear();
    this.gone.clear();
  }

  /** A value takes the place of another one, comes, or goes. */
  change(before: T | undefined, after: T | undefined): void {
    if (this.values === undefined) return;
    const isComing = before !== undefined && this.coming.has(before);
    const origin = isComing ? this.coming.get(before) : before;
    if (isComing) this.coming.delete(before);
    if (after !== undefined) this.coming.set(after, origin);
    else if (origin !== undefined) this.gone.add(origin);
    // Whoever does not ask for it, does not pay for it.
    if (this.coming.size + this.gone.size > FEW_CHANGES + this.values.length / 4) this.forget();
  }

  /** All values: the very same list where nothing has changed. */
  list(): readonly T[] {
    const values = this.update();
    this.own = undefined;
    this.given.values = values;
    return values;
  }

  /** All keys: the very same list where none has come, gone or changed its place. */
  listKeys(): readonly K[] {
    const values = this.update();
    this.keys ??= this.keepKeys(values.map(this.options.keyOf));
    this.given.keys = this.keys;
    return this.keys;
  }

  /** The keys of some places, as `slice` takes them. */
  sliceKeys({ start, end }: ListRange): readonly K[] {
    return this.update().slice(start, end).map(this.options.keyOf);
  }

  /** How many there are. */
  get size(): number {
    return this.update().length;
  }

  private update(): readonly T[] {
    if (this.values !== undefined && this.coming.size + this.gone.size > 0) this.apply(this.values);
    if (this.values === undefined) {
      const made = this.options.make();
      this.values = isSameList(made, this.given.values) ? this.given.values : made;
    }
    return this.values;
  }

  /** Takes over what has changed; or forgets everything, where a value is not where the order says. */
  private apply(before: readonly T[]): void {
    const values = this.own ?? before.slice();
    const gone = [...this.gone].map((value) => this.find(values, value));
    const moved: T[] = [];
    for (const [after, origin] of this.coming) {
      const place = origin === undefined ? undefined : this.find(values, origin);
      if (place !== undefined && this.fits(values, place, after)) {
        values[place] = after;
        continue;
      }
      if (place !== undefined) gone.push(place);
      moved.push(after);
    }
    if (gone.includes(NOWHERE)) {
      this.forget();
      return;
    }
    this.coming.clear();
    this.gone.clear();
    if (gone.length + moved.length > 0) this.move(values, gone.sort(byNumber), moved.sort(this.order));
    this.values = values;
    this.own = values;
  }

  private move(values: T[], gone: readonly number[], moved: readonly T[]): void {
    const coming = moved.map((value) => ({ value, place: this.placeOf(values, value) }));
    rewrite(values, gone, coming);
    if (this.keys === undefined) return;
    const keys = this.keys.slice();
    const { keyOf } = this.options;
    rewrite(
      keys,
      gone,
      coming.map(({ value, place }) => ({ value: keyOf(value), place })),
    );
    this.keys = this.keepKeys(keys);
  }

  /** Values may have changed their places several times, and be where they were. */
  private keepKeys(keys: readonly K[]): readonly K[] {
    return isSameList(keys, this.given.keys, this.options.isSameKey) ? this.given.keys : keys;
  }

  /** Whether a value may stand in a place, between those beside it. */
  private fits(values: readonly T[], place: number, value: T): boolean {
    if (place === NOWHERE) return false;
    const [left, right] = [values[place - 1], values[place + 1]];
    if (left !== undefined && this.order(left, value) >= 0) return false;
    return right === undefined || this.order(value, right) < 0;
  }

  /** The place of a value. */
  private find(values: readonly T[], value: T): number {
    const place = this.placeOf(values, value);
    return values[place] === value ? place : NOWHERE;
  }

  /** The first place whose value does not come before `value`. */
  private placeOf(values: readonly T[], value: T): number {
    let low = 0;
    let high = values.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.order(values[middle] as T, value) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Whether two lists have the same elements, the very same ones by default, in the same order. */
export function isSameList<T>(
  one: readonly T[],
  other: readonly T[],
  isSame: (a: T, b: T) => boolean = Object.is,
): boolean {
  return one === other || (one.length === other.length && one.every((each, index) => isSame(each, other[index] as T)));
}

/** Takes out what stands in some places, and puts in what comes. Only what lies between is written. Both in order. */
function rewrite<T>(array: T[], gone: readonly number[], coming: ReadonlyArray<Placed<T>>): void {
  const last = Math.max((gone.at(-1) ?? -1) + 1, coming.at(-1)?.place ?? 0);
  const end = gone.length === coming.length ? last : array.length;
  takeOut(array, gone, end);
  for (const { value } of coming.slice(gone.length)) array.push(value);
  if (coming.length < gone.length) array.length += coming.length - gone.length;
  putIn(array, gone, coming, end);
}

/** What follows, up to `end`, moves up. In order, so that nothing is written over before it was read. */
function takeOut<T>(array: T[], places: readonly number[], end: number): void {
  let [to, next] = [places[0] ?? end, 0];
  for (let from = to; from < end; from += 1) {
    if (from === places[next]) next += 1;
    else array[to++] = array[from] as T;
  }
}

/** What is put in moves down what follows: from behind. @param gone What was taken out of the places that `coming` means. */
function putIn<T>(array: T[], gone: readonly number[], coming: ReadonlyArray<Placed<T>>, end: number): void {
  let [from, before] = [end - gone.length, gone.length];
  let to = from + coming.length;
  for (const { place, value } of [...coming].reverse()) {
    while (before > 0 && (gone[before - 1] ?? 0) >= place) before -= 1;
    while (from > place - before) array[--to] = array[--from] as T;
    array[--to] = value;
  }
}

function byNumber(a: number, b: number): number {
  return a - b;
}
