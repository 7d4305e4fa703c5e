import type { ListFollower, ListSource, Order } from "../../../../src/runtime/list-source.ts";
import { createStore, type Store } from "../../react/support/store.ts";

/** How a list is sorted whose changes are told one by one. */
export interface Sorting<T> {
  /** Never 0 for two values. */
  readonly order: Order<T>;
  /** What a value is called. */
  readonly keyOf: (value: T) => string;
}

/** A list that a test sets: as it is set, and then told as a whole; or sorted, and then told change by change. */
export class ListStore<T> implements Store<readonly T[]>, ListSource<T> {
  readonly getSnapshot: () => readonly T[];
  readonly subscribe: (listener: () => void) => () => void;
  readonly #store: Store<readonly T[]>;
  readonly #sorting: Sorting<T> | undefined;
  readonly #followers = new Set<ListFollower<T>>();

  constructor(values: readonly T[], sorting?: Sorting<T>) {
    this.#sorting = sorting;
    this.#store = createStore(sorting === undefined ? values : values.toSorted(sorting.order));
    this.getSnapshot = this.#store.getSnapshot;
    this.subscribe = this.#store.subscribe;
  }

  get listeners(): number {
    return this.#store.listeners;
  }

  get subscriptions(): number {
    return this.#store.subscriptions;
  }

  /** How many follow it. */
  get followers(): number {
    return this.#followers.size;
  }

  get order(): Order<T> {
    if (this.#sorting !== undefined) return this.#sorting.order;
    return () => {
      throw new Error("no change of this list is told by itself");
    };
  }

  readonly follow = (follower: ListFollower<T>): (() => void) => {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  };

  set(values: readonly T[]): void {
    if (this.#sorting === undefined) this.#replace(values);
    else this.#change(values.toSorted(this.#sorting.order), this.#sorting.keyOf);
  }

  #replace(values: readonly T[]): void {
    for (const follower of this.#followers) follower.replaced();
    this.#store.set(values);
  }

  #change(values: readonly T[], keyOf: (value: T) => string): void {
    const before = new Map(this.getSnapshot().map((value) => [keyOf(value), value]));
    const after = new Map(values.map((value) => [keyOf(value), value]));
    for (const key of new Set([...before.keys(), ...after.keys()])) {
      const [one, other] = [before.get(key), after.get(key)];
      if (one !== other) for (const follower of this.#followers) follower.changed(one, other);
    }
    this.#store.set(values);
  }
}
