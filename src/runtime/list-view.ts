import { checkFunction } from "../wire/check-given.ts";
import { type ListFollower, type ListRange, type ListSource, ListWatch, NOTHING, type Order } from "./list-source.ts";
import { isSameList, SortedList } from "./sorted-list.ts";
import type { Source } from "./source.ts";

/** What a {@link ListView} has of a list. */
export interface ListViewOptions<T, K> {
  /** Which ones. Default: all. */
  readonly matches?: ((value: T) => boolean) | undefined;
  /** In which order. Default: as the list has them. */
  readonly order?: Order<T> | undefined;
  /** What one is called, whatever becomes of it. */
  readonly keyOf: (value: T) => K;
  /** Whether two keys are the same. Default: `Object.is`. */
  readonly isSameKey?: (a: K, b: K) => boolean;
}

/**
 * What a filter selects of a list, in an order. While somebody subscribes to it the list is followed, and a change costs
 * what finding its place does; else it is made from the list when somebody asks, where that has changed. Spec: MIRROR-13.
 */
export class ListView<T, K> implements ListFollower<T> {
  /** What is selected: the very list where all are wanted as they come. */
  readonly values: Source<readonly T[]>;
  /** The keys of what is selected: the very same list until one comes, goes or changes its place. */
  readonly keys: Source<readonly K[]>;
  /** How many are selected. */
  readonly count: Source<number>;
  private readonly source: ListSource<T>;
  private readonly options: ListViewOptions<T, K>;
  private readonly watch: ListWatch<T>;
  private readonly sorted: SortedList<T, K>;
  private readonly subscriptions = new Set<() => void>();

  constructor(source: ListSource<T>, options: ListViewOptions<T, K>) {
    const { keyOf, isSameKey } = options;
    this.source = source;
    this.options = options;
    this.watch = new ListWatch(source, this);
    this.sorted = new SortedList<T, K>(source.order, { make: () => this.select(), keyOf, isSameKey });
    const subscribe = (listener: () => void): (() => void) => this.subscribe(listener);
    this.values = { getSnapshot: () => this.read().list(), subscribe };
    this.keys = { getSnapshot: () => this.read().listKeys(), subscribe };
    this.count = { getSnapshot: () => this.read().size, subscribe };
  }

  /**
   * The keys in some places of what is selected: the very same list until another stands in one of them. However long the
   * list is, only these are read.
   */
  keysIn(range: ListRange): Source<readonly K[]> {
    let given: readonly K[] = NOTHING;
    const getSnapshot = (): readonly K[] => {
      const keys = this.read().sliceKeys(range);
      if (!isSameList(keys, given, this.options.isSameKey)) given = keys;
      return given;
    };
    return { getSnapshot, subscribe: this.keys.subscribe };
  }

  changed(before: T | undefined, after: T | undefined): void {
    const matching = (value: T | undefined): T | undefined =>
      value === undefined || this.options.matches?.(value) === false ? undefined : value;
    this.sorted.change(matching(before), matching(after));
  }

  replaced(): void {
    this.sorted.forget(this.options.order ?? this.source.order);
  }

  private read(): SortedList<T, K> {
    this.watch.look();
    return this.sorted;
  }

  private subscribe(listener: () => void): () => void {
    checkFunction("the listener", listener);
    // Before the listener, which asks for what has become of the list.
    this.watch.begin();
    const unsubscribe = this.source.subscribe(listener);
    this.subscriptions.add(unsubscribe);
    return () => {
      unsubscribe();
      this.subscriptions.delete(unsubscribe);
      if (this.subscriptions.size === 0) this.watch.end();
    };
  }

  private select(): readonly T[] {
    const { matches, order } = this.options;
    const list = this.source.getSnapshot();
    const matching = matches === undefined ? list : list.filter(matches);
    return order === undefined ? matching : [...matching].sort(order);
  }
}
