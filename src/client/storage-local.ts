import type { KeyStorage } from "../wire/key-storage.ts";
import { MoorlineError } from "../wire/moorline-error.ts";

/** What {@link createLocalStorage} needs of a page: the part of `globalThis` that it uses. */
export interface LocalStorageGlobals {
  /** As in a page. Reading it may throw, where the browser forbids storage. */
  readonly localStorage?: { getItem(key: string): string | null; setItem(key: string, value: string): void };
  /** As in a page, for its Web Locks. */
  readonly navigator?: { readonly locks?: { request<T>(name: string, callback: () => T): Promise<Awaited<T>> } };
}

/**
 * A storage in `localStorage`, made atomic over all tabs of an origin by a Web Lock. For where IndexedDB is not to be had.
 * Spec: KEY-6, KEY-7.
 * @param globals Default: `globalThis`.
 * @throws MoorlineError STORAGE_UNSUPPORTED where one of the two is missing: without the lock, racing tabs would get two
 *   secrets.
 */
export function createLocalStorage(globals: LocalStorageGlobals = globalThis as LocalStorageGlobals): KeyStorage {
  const storage = readStorage(globals);
  const locks = globals.navigator?.locks;
  if (!storage) throw new MoorlineError("STORAGE_UNSUPPORTED", "There is no localStorage here.");
  if (!locks) throw new MoorlineError("STORAGE_UNSUPPORTED", "There are no Web Locks here, as on a page without TLS.");
  return {
    name: "localStorage",
    putIfAbsent(key, value) {
      return locks.request(`moorline ${key}`, () => {
        const stored = storage.getItem(key);
        if (stored !== null) return stored;
        storage.setItem(key, value);
        return value;
      });
    },
  };
}

function readStorage(globals: LocalStorageGlobals): LocalStorageGlobals["localStorage"] {
  try {
    return globals.localStorage;
  } catch (cause) {
    throw new MoorlineError("STORAGE_UNSUPPORTED", "The browser forbids localStorage here.", { cause });
  }
}
