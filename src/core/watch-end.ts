/** How a reader has come to the end: all was read, it failed, or the reader has left before. */
export type IterationEnd =
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "left" };

/** Passes on every item, and tells `onEnd` how it has ended, once. Never, where nobody reads. */
export async function* watchEnd<T>(
  items: AsyncIterable<T>,
  onEnd: (end: IterationEnd) => void,
): AsyncGenerator<T, void, undefined> {
  let end: IterationEnd = { kind: "left" };
  try {
    yield* items;
    end = { kind: "done" };
  } catch (error) {
    end = { kind: "failed", error };
    throw error;
  } finally {
    onEnd(end);
  }
}
