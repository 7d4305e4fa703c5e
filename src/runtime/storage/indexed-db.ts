/** What is used of IndexedDB, so that it can be given. As in a page. */
export interface IdbFactory {
  open(name: string, version: number): IdbOpenRequest;
}

/** What makes ranges of keys. */
export interface IdbKeyRanges {
  bound(lower: unknown, upper: unknown): unknown;
}

interface IdbRequest<T> {
  readonly result: T;
  readonly error: unknown;
  onsuccess: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
}

interface IdbOpenRequest extends IdbRequest<IdbDatabase> {
  onupgradeneeded: ((event: never) => void) | null;
  onblocked: ((event: never) => void) | null;
}

/** An open database. */
export interface IdbDatabase {
  createObjectStore(name: string): unknown;
  transaction(stores: readonly string[], mode: "readonly" | "readwrite"): IdbTransaction;
  close(): void;
}

/** A transaction: it is committed when none of its requests waits any more. */
export interface IdbTransaction {
  readonly error: unknown;
  objectStore(name: string): IdbStore;
  abort(): void;
  oncomplete: ((event: never) => void) | null;
  onabort: ((event: never) => void) | null;
}

/** A store of a transaction. */
export interface IdbStore {
  get(key: unknown): IdbRequest<unknown>;
  getAll(range?: unknown): IdbRequest<unknown[]>;
  getAllKeys(range?: unknown): IdbRequest<unknown[]>;
  put(value: unknown, key: unknown): IdbRequest<unknown>;
  delete(keyOrRange: unknown): IdbRequest<unknown>;
}

/** Opens a database, and makes its stores where it is new. Rejects with what IndexedDB says. */
export function openIdb(factory: IdbFactory, name: string, stores: readonly string[]): Promise<IdbDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, 1);
    request.onupgradeneeded = () => {
      for (const store of stores) request.result.createObjectStore(store);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("another tab holds an older version of the database"));
  });
}

/** One transaction under way, whose result is what `finish` was given last. */
export interface IdbWork<T> {
  /** A store of it. */
  store(name: string): IdbStore;
  /** Hears the result of a request. What `take` throws undoes the transaction; so does a request that fails. */
  on<R>(request: IdbRequest<R>, take: (result: R) => void): void;
  /** What comes back once all of it is committed. */
  finish(result: T): void;
}

/** Runs requests in one transaction over stores. Resolves when it is committed, and rejects where it was undone. */
export function transactIdb<T>(
  database: IdbDatabase,
  stores: readonly string[],
  mode: "readonly" | "readwrite",
  run: (work: IdbWork<T>) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(stores, mode);
    let result: { readonly value: T } | undefined;
    const guard = (step: () => void): void => {
      try {
        step();
      } catch (thrown) {
        reject(thrown);
        transaction.abort();
      }
    };
    transaction.oncomplete = () => {
      if (result === undefined) reject(new Error("the transaction has ended without a result"));
      else resolve(result.value);
    };
    transaction.onabort = () => reject(transaction.error ?? new Error("the transaction was undone"));
    const work: IdbWork<T> = {
      store: (name) => transaction.objectStore(name),
      on: (request, take) => {
        request.onsuccess = () => guard(() => take(request.result));
      },
      finish: (value) => {
        result = { value };
      },
    };
    guard(() => run(work));
  });
}
