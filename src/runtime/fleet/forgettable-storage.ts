import { MoorlineError } from "../../wire/moorline-error.ts";
import type { MirrorStorage } from "../storage/mirror-storage.ts";

/** The storage of one host's mirrors, which can be taken away from it. */
export interface ForgettableStorage {
  /** What the runtime of the host is given. */
  readonly storage: MirrorStorage;
  /**
   * Takes it away: nothing is read or written by the host any more. What is under way is waited for, then everything is
   * deleted that is kept of the host's mirrors. Rejects with a MoorlineError STORAGE_FAILED.
   */
  readonly forget: () => Promise<void>;
}

/**
 * Makes the storage of a host forgettable: a mirror that is stopped may still save once. Spec: FLEET-4.
 * @param serverId The host: keys of its mirrors have the server id and a slash in them.
 * @param vacated Resolves when what was kept of the host before is deleted: until then there is nothing to load, and saves wait.
 */
export function createForgettableStorage(
  storage: MirrorStorage,
  serverId: string,
  vacated?: Promise<unknown>,
): ForgettableStorage {
  const underWay = new Set<Promise<unknown>>();
  let phase: "vacating" | "kept" | "forgotten" = vacated === undefined ? "kept" : "vacating";
  const ready = vacated?.then(() => {
    if (phase === "vacating") phase = "kept";
  });
  const guard = <T>(work: () => Promise<T>, instead: T): Promise<T> => {
    if (phase === "forgotten") return Promise.resolve(instead);
    const result = ready === undefined ? work() : ready.then(work);
    const tracked = result.catch(() => undefined).finally(() => underWay.delete(tracked));
    underWay.add(tracked);
    return result;
  };
  return {
    storage: {
      name: storage.name,
      load: (key) => (phase === "vacating" ? Promise.resolve(undefined) : guard(() => storage.load(key), undefined)),
      save: (key, save) => guard(() => storage.save(key, save), false),
      delete: (key) => guard(() => storage.delete(key), undefined),
      list: () => guard(() => storage.list(), []),
    },
    forget: async () => {
      phase = "forgotten";
      await Promise.all(underWay);
      await deleteAll(storage, serverId);
    },
  };
}

/**
 * Deletes everything that a storage keeps of the mirrors of a host.
 * @throws MoorlineError (as a rejection) STORAGE_FAILED.
 */
export async function deleteAll(storage: MirrorStorage, serverId: string): Promise<void> {
  try {
    const keys = (await storage.list()).filter((key) => key.includes(`${serverId}/`));
    for (const key of keys) await storage.delete(key);
  } catch (cause) {
    throw new MoorlineError("STORAGE_FAILED", `The host is forgotten, but not what ${storage.name} keeps of it.`, {
      cause,
      action: "Make the storage readable and writable, then forget the host again.",
    });
  }
}
