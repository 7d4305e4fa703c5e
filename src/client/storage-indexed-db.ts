import type { KeyStorage } from "../wire/key-storage.ts";
import { MoorlineError } from "../wire/moorline-error.ts";

/** What {@link createIndexedDbStorage} needs of a page or worker: the part of `globalThis` that it uses. */
export interface IndexedDbGlobals {
  /** As in a page. */
  readonly indexedDB?: Factory;
}

interface Factory {
  open(name: string, version: number): OpenRequest;
}

interface Request<T> {
  readonly result: T;
  readonly error: { readonly name: string } | null;
  onsuccess: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
}

interface ErrorEvent {
  preventDefault(): void;
  stopPropagation(): void;
}

interface OpenRequest extends Request<Database> {
  onupgradeneeded: ((event: never) => void) | null;
  onblocked: ((event: never) => void) | null;
}

interface Database {
  createObjectStore(name: string): unknown;
  transaction(store: string, mode: "readwrite", options?: { durability: "strict" }): Transaction;
  close(): void;
}

interface Transaction {
  readonly error: { readonly name: string } | null;
  objectStore(name: string): ObjectStore;
  oncomplete: ((event: never) => void) | null;
  onabort: ((event: never) => void) | null;
}

interface ObjectStore {
  add(value: string, key: string): Request<unknown>;
  get(key: string): Request<unknown>;
}

const DATABASE = "moorline";
const STORE = "keys";
const VERSION = 1;

/**
 * A storage in IndexedDB, database `moorline`: what `add` refuses to replace is read instead, in the same transaction.
 * For pages and workers. Spec: KEY-6, KEY-7.
 * @param globals Default: `globalThis`.
 * @throws MoorlineError STORAGE_UNSUPPORTED where there is no IndexedDB.
 */
export function createIndexedDbStorage(globals: IndexedDbGlobals = globalThis as IndexedDbGlobals): KeyStorage {
  const factory = globals.indexedDB;
  if (!factory) throw new MoorlineError("STORAGE_UNSUPPORTED", "There is no IndexedDB here.");
  return {
    name: "IndexedDB",
    async putIfAbsent(key, value) {
      const database = await openDatabase(factory);
      try {
        return await addOrGet(database, key, value);
      } finally {
        database.close();
      }
    },
  };
}

function openDatabase(factory: Factory): Promise<Database> {
  return new Promise((resolve, reject) => {
    const request = factory.open(DATABASE, VERSION);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("another tab holds an older version of the database"));
  });
}

function addOrGet(database: Database, key: string, value: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, "readwrite", { durability: "strict" });
    const store = transaction.objectStore(STORE);
    let stored: unknown = value;
    const adding = store.add(value, key);
    adding.onerror = (event: ErrorEvent) => {
      if (adding.error?.name !== "ConstraintError") return;
      event.preventDefault();
      event.stopPropagation();
      const getting = store.get(key);
      getting.onsuccess = () => {
        stored = getting.result;
      };
    };
    transaction.oncomplete = () => resolve(stored as string);
    transaction.onabort = () => reject(transaction.error);
  });
}
