import type { Source } from "../../../../src/runtime/source.ts";

/** A source that a test sets. */
export interface Store<T> extends Source<T> {
  /** Changes the value and tells everybody; the same value is told as well. */
  set(value: T): void;
  /** How many listen. */
  readonly listeners: number;
  /** How often somebody began to listen. */
  readonly subscriptions: number;
}

/** A source that has `value` until it is set. */
export function createStore<T>(value: T): Store<T> {
  const listeners = new Set<() => void>();
  let present = value;
  let subscriptions = 0;
  return {
    getSnapshot: () => present,
    subscribe(listener) {
      const own = (): void => listener();
      subscriptions += 1;
      listeners.add(own);
      return () => listeners.delete(own);
    },
    set(next) {
      present = next;
      for (const listener of [...listeners]) listener();
    },
    get listeners() {
      return listeners.size;
    },
    get subscriptions() {
      return subscriptions;
    },
  };
}
