/** Something that changes, as views see it. Both functions are bound. */
export interface Source<T> {
  /** What there is now: the same reference until it changes. */
  readonly getSnapshot: () => T;
  /** Calls back after every change, until the function that comes back is called. */
  readonly subscribe: (listener: () => void) => () => void;
}

/** A source that is set. */
export interface State<T> extends Source<T> {
  /** Takes another value. The same one is no change. */
  readonly set: (value: T) => void;
}

/** Makes a source with its first value. */
export function createState<T>(initial: T): State<T> {
  const listeners = new Set<() => void>();
  let value = initial;
  return {
    getSnapshot: () => value,
    subscribe(listener) {
      const own = (): void => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
  };
}
