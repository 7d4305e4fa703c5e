/** A value of a mirror, as a storage keeps it. */
export interface StoredEntry {
  /** Its id, of 1 to 256 characters. */
  readonly id: string;
  /** The revision of its last change, a safe integer. */
  readonly revision: number;
  /** The value, encoded. */
  readonly bytes: Uint8Array;
}

/** What a storage has of a mirror. */
export interface StoredMirror {
  /** The cursor that the entries are of. */
  readonly cursor: Uint8Array;
  /** All of it, in any order, each id once. */
  readonly entries: readonly StoredEntry[];
}

/** What is to be kept of a mirror from now on. */
export interface MirrorSave {
  /** The cursor that the entries are of after this save. */
  readonly cursor: Uint8Array;
  /** Whether the entries are all there is, and what is stored goes. Else they are changes of what is stored. */
  readonly isWhole: boolean;
  /** Entries that are new, or have changed. */
  readonly upserted: readonly StoredEntry[];
  /** Entries that are not there any more, or never were. None is in `upserted` as well. */
  readonly removed: readonly string[];
  /**
   * Whether the save may be made where this cursor is stored; undefined where nothing is. To be asked in the same step as the
   * save is made in, so that nobody else saves in between: other tabs and processes may use the same place. May throw.
   */
  readonly fits: (stored: Uint8Array | undefined) => boolean;
}

/**
 * Where mirrors are kept over restarts of the program: each cursor together with the data that it is of, never one
 * without the other. Implementations: memory (here), IndexedDB, SQLite (`/node`). What it holds is a copy and may be
 * dropped at any time. What it rejects with may be anything; whoever uses it makes an error of it. Spec: MIRROR-8.
 */
export interface MirrorStorage {
  /** Where it is, for error messages. */
  readonly name: string;
  /** What is kept under a key, of 1 to 512 characters. Undefined: nothing. */
  load(key: string): Promise<StoredMirror | undefined>;
  /**
   * Keeps a save, wholly or not at all, also over a crash. @returns false where it does not fit, because somebody else has
   * saved under the key meanwhile: then nothing was changed.
   */
  save(key: string, save: MirrorSave): Promise<boolean>;
  /** Drops what is kept under a key, if anything is. */
  delete(key: string): Promise<void>;
  /** All keys, those first that were saved least recently. */
  list(): Promise<readonly string[]>;
}

/** A storage that lasts as long as the process. */
export function createMemoryMirrorStorage(): MirrorStorage {
  const mirrors = new Map<string, KeptMirror>();
  return {
    name: "memory",
    async load(key) {
      const kept = mirrors.get(key);
      return kept && { cursor: kept.cursor, entries: [...kept.entries.values()] };
    },
    async save(key, save) {
      const kept = mirrors.get(key);
      if (!save.fits(kept?.cursor)) return false;
      const entries = new Map(save.isWhole ? [] : kept?.entries);
      for (const entry of save.upserted) entries.set(entry.id, { ...entry, bytes: entry.bytes.slice() });
      for (const id of save.removed) entries.delete(id);
      // The one that was saved last is the last one of the map.
      mirrors.delete(key);
      mirrors.set(key, { cursor: save.cursor.slice(), entries });
      return true;
    },
    async delete(key) {
      mirrors.delete(key);
    },
    async list() {
      return [...mirrors.keys()];
    },
  };
}

interface KeptMirror {
  readonly cursor: Uint8Array;
  readonly entries: ReadonlyMap<string, StoredEntry>;
}

/** Whether two cursors are the same. */
export function areSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
