import { MoorlineError } from "../../wire/moorline-error.ts";
import { createHostRegistry } from "./create-host-registry.ts";
import type { HostRegistry } from "./host-registry.ts";

/** What {@link createLocalHostRegistry} needs of a page: the part of `globalThis` that it uses. */
export interface LocalRegistryGlobals {
  /** As in a page. Reading it may throw, where the browser forbids storage. */
  readonly localStorage?: { getItem(key: string): string | null; setItem(key: string, value: string): void };
  /** As in a page, for its Web Locks. */
  readonly navigator?: { readonly locks?: { request<T>(name: string, callback: () => T): Promise<Awaited<T>> } };
}

/** Where the hosts are. A copy of damaged ones is under this, ` damaged ` and a number. */
const KEY = "moorline hosts";

/**
 * A registry in `localStorage`, read and written under a Web Lock, so that the tabs of an origin lose nothing of each
 * other's. Spec: REGISTRY-6.
 * @param globals Default: `globalThis`.
 * @throws MoorlineError STORAGE_UNSUPPORTED where one of the two is missing.
 */
export function createLocalHostRegistry(
  globals: LocalRegistryGlobals = globalThis as LocalRegistryGlobals,
): HostRegistry {
  const storage = readStorage(globals);
  const locks = globals.navigator?.locks;
  if (!storage) throw unsupported("There is no localStorage here.");
  if (!locks) throw unsupported("There are no Web Locks here, as on a page without TLS.");
  return createHostRegistry({
    name: "localStorage",
    alone: (work) => locks.request(KEY, work),
    read: () => storage.getItem(KEY) ?? undefined,
    write: (text) => storage.setItem(KEY, text),
    keepCopy: (text, number) => {
      const key = `${KEY} damaged ${number}`;
      const kept = storage.getItem(key);
      if (kept === null) storage.setItem(key, text);
      return kept === null || kept === text;
    },
  });
}

function readStorage(globals: LocalRegistryGlobals): LocalRegistryGlobals["localStorage"] {
  try {
    return globals.localStorage;
  } catch (cause) {
    throw unsupported("The browser forbids localStorage here.", { cause });
  }
}

function unsupported(text: string, options: { readonly cause?: unknown } = {}): MoorlineError {
  const action = "Use another registry: one in memory, or one of the app's own.";
  return new MoorlineError("STORAGE_UNSUPPORTED", text, { ...options, action });
}
