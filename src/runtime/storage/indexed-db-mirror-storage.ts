import { MoorlineError } from "../../wire/moorline-error.ts";
import {
  type IdbDatabase,
  type IdbFactory,
  type IdbKeyRanges,
  type IdbWork,
  openIdb,
  transactIdb,
} from "./indexed-db.ts";
import type { MirrorSave, MirrorStorage, StoredMirror } from "./mirror-storage.ts";

/** What {@link createIndexedDbMirrorStorage} needs of a page or worker: the part of `globalThis` that it uses. */
export interface MirrorDbGlobals {
  /** As in a page. */
  readonly indexedDB?: IdbFactory;
  /** As in a page. */
  readonly IDBKeyRange?: IdbKeyRanges;
}

const DATABASE = "moorline-mirrors";
const MIRRORS = "mirrors";
const ENTRIES = "entries";
const STORES = [MIRRORS, ENTRIES] as const;

/** A mirror but for its entries: they lie beside it, each under the mirror's key and its own id. */
interface Head {
  readonly cursor: Uint8Array;
  /** The order of saving. */
  readonly saved: number;
}

/**
 * A storage of mirrors in IndexedDB, database `moorline-mirrors`, shared by all tabs of an origin. A save is one
 * transaction, and writes only what has changed. The database is open only while it is used. Spec: MIRROR-8.
 * @param globals Default: `globalThis`.
 * @throws MoorlineError STORAGE_UNSUPPORTED where there is no IndexedDB.
 */
export function createIndexedDbMirrorStorage(globals: MirrorDbGlobals = globalThis as MirrorDbGlobals): MirrorStorage {
  const { indexedDB, IDBKeyRange } = globals;
  if (indexedDB === undefined || IDBKeyRange === undefined) {
    throw new MoorlineError("STORAGE_UNSUPPORTED", "There is no IndexedDB here.", {
      action: "Use another storage for mirrors, or none.",
    });
  }
  const use = async <T>(work: (database: IdbDatabase) => Promise<T>): Promise<T> => {
    const database = await openIdb(indexedDB, DATABASE, STORES);
    try {
      return await work(database);
    } finally {
      database.close();
    }
  };
  // A list sorts behind every text: all ids of a mirror lie between.
  const rangeOf = (key: string): unknown => IDBKeyRange.bound([key], [key, []]);
  return {
    name: "IndexedDB",
    load: (key) => use((database) => load(database, key, rangeOf(key))),
    save: (key, save) => use((database) => write(database, key, save, rangeOf(key))),
    delete: (key) => use((database) => remove(database, key, rangeOf(key))),
    list: () => use(list),
  };
}

function load(database: IdbDatabase, key: string, range: unknown): Promise<StoredMirror | undefined> {
  return transactIdb(database, STORES, "readonly", ({ store, on, finish }) => {
    on(store(MIRRORS).get(key), (found) => {
      const head = found as Head | undefined;
      if (head === undefined) return finish(undefined);
      on(store(ENTRIES).getAll(range), (entries) => {
        finish({ cursor: head.cursor, entries: entries as StoredMirror["entries"] });
      });
    });
  });
}

function write(database: IdbDatabase, key: string, save: MirrorSave, range: unknown): Promise<boolean> {
  return transactIdb(database, STORES, "readwrite", (work) => {
    const { store, on, finish } = work;
    on(store(MIRRORS).get(key), (found) => {
      const head = found as Head | undefined;
      const isKept = save.fits(head?.cursor);
      finish(isKept);
      if (isKept) writeAll(work, key, save, range);
    });
  });
}

function writeAll({ store, on }: IdbWork<boolean>, key: string, save: MirrorSave, range: unknown): void {
  const entries = store(ENTRIES);
  if (save.isWhole) entries.delete(range);
  for (const id of save.removed) entries.delete([key, id]);
  for (const entry of save.upserted) entries.put(entry, [key, entry.id]);
  on(store(MIRRORS).getAll(), (heads) => {
    const saved = 1 + Math.max(0, ...(heads as Head[]).map((head) => head.saved));
    store(MIRRORS).put({ cursor: save.cursor, saved } satisfies Head, key);
  });
}

function remove(database: IdbDatabase, key: string, range: unknown): Promise<void> {
  return transactIdb(database, STORES, "readwrite", ({ store, on, finish }) => {
    store(ENTRIES).delete(range);
    on(store(MIRRORS).delete(key), () => finish(undefined));
  });
}

function list(database: IdbDatabase): Promise<readonly string[]> {
  return transactIdb(database, STORES, "readonly", ({ store, on, finish }) => {
    on(store(MIRRORS).getAllKeys(), (keys) => {
      on(store(MIRRORS).getAll(), (heads) => {
        const order = (heads as Head[]).map(({ saved }, i) => ({ saved, key: String(keys[i]) }));
        finish(order.sort((a, b) => a.saved - b.saved).map(({ key }) => key));
      });
    });
  });
}
