import { useMemo, useState, useSyncExternalStore } from "react";
import type { Source } from "../runtime/source.ts";
import { checkFunction } from "../wire/check-given.ts";

/** Whether two selected values are shown alike. */
export type IsEqual<T> = (one: T, other: T) => boolean;

/** The value that a hook has handed out last, if it has. */
interface Kept<T> {
  value: { readonly of: T } | undefined;
}

/**
 * What a component shows of a source. It renders again when the selected value is another one, and only then. On a server,
 * and while its page is hydrated, it shows `initial`, whatever the source has by then. Spec: REACT-1 to REACT-4.
 * @param source What is read. @param initial What the source holds before anything has happened: always the same.
 * @param select What of it is shown; may be another function in each render.
 * @param isEqual Whether the value that was shown is kept in the place of a new one. Default: `Object.is`.
 * @throws MoorlineError OPTION_INVALID where the selector is no function.
 */
export function useSource<T, U>(
  source: Source<T>,
  initial: T,
  select: (value: T) => U,
  isEqual: IsEqual<U> = Object.is,
): U {
  checkFunction("what selects", select);
  // Written while rendering, also by a render that comes to nothing: it decides only which of two equal values is shown.
  const [kept] = useState<Kept<U>>(() => ({ value: undefined }));
  const read = useMemo(() => createReader(source.getSnapshot, select, isEqual, kept), [source, select, isEqual, kept]);
  const readInitial = useMemo(
    () => createReader(() => initial, select, isEqual, kept),
    [initial, select, isEqual, kept],
  );
  return useSyncExternalStore(source.subscribe, read, readInitial);
}

/** Selects once from each snapshot, and hands out the value before where the next is equal. */
function createReader<T, U>(
  getSnapshot: () => T,
  select: (value: T) => U,
  isEqual: IsEqual<U>,
  kept: Kept<U>,
): () => U {
  let last: { readonly snapshot: T; readonly value: U } | undefined;
  return () => {
    const snapshot = getSnapshot();
    if (last === undefined || !Object.is(last.snapshot, snapshot)) {
      const next = select(snapshot);
      const value = kept.value !== undefined && isEqual(kept.value.of, next) ? kept.value.of : next;
      last = { snapshot, value };
      kept.value = { of: value };
    }
    return last.value;
  };
}
