import type { Piece } from "./piece.ts";
import type { VersionedCollection, WatchOptions } from "./versioned-collection.ts";

/**
 * The pieces of a watch, for a streaming handler: one is made when one is asked for, so that the credit of the call
 * decides. Ends with its signal, and never by itself.
 * @throws MoorlineError OVERLOADED, at the first piece, where there are too many watches.
 */
export async function* watchPieces<T extends object>(
  collection: VersionedCollection<T>,
  options: Omit<WatchOptions<T>, "onWake">,
  signal: AbortSignal,
): AsyncGenerator<Piece<T>, void> {
  let resume = (): void => {};
  const wake = (): void => resume();
  const watch = collection.watch({ ...options, onWake: wake });
  signal.addEventListener("abort", wake);
  try {
    while (!signal.aborted) {
      const piece = watch.next();
      if (piece !== undefined) yield piece;
      else {
        await new Promise<void>((resolve) => {
          resume = resolve;
        });
      }
    }
  } finally {
    signal.removeEventListener("abort", wake);
    watch.stop();
  }
}
