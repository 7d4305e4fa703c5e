/**
 * Something that has a value and says when that changes. Both functions are bound, fit for React's useSyncExternalStore.
 */
export interface Source<T> {
  /** The present value: the same reference until something changes. */
  readonly getSnapshot: () => T;
  /** Calls `listener` after each change, until the function that comes back is called. */
  readonly subscribe: (listener: () => void) => () => void;
}
