import type { Source } from "../../runtime/index.ts";

export type { Source };

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

/** A source made of another one. What is made is kept until the other one changes. */
export function mapSource<From, To>(source: Source<From>, map: (value: From) => To): Source<To> {
  return combineSources([source], map);
}

/** A source made of several others. What is made is kept until one of them changes. */
export function combineSources<From extends readonly unknown[], To>(
  sources: { readonly [Index in keyof From]: Source<From[Index]> },
  combine: (...values: From) => To,
): Source<To> {
  let known: { readonly values: From; readonly result: To } | undefined;
  return {
    getSnapshot() {
      const values = sources.map(({ getSnapshot }) => getSnapshot()) as unknown as From;
      if (known?.values.every((value, index) => Object.is(value, values[index])) === true) return known.result;
      known = { values, result: combine(...values) };
      return known.result;
    },
    subscribe(listener) {
      const ends = sources.map(({ subscribe }) => subscribe(listener));
      return () => {
        for (const end of ends) end();
      };
    },
  };
}
