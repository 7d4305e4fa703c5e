import type { IndexedDbGlobals } from "../../../src/client/storage-indexed-db.ts";

type Factory = NonNullable<IndexedDbGlobals["indexedDB"]>;
type OpenRequest = Mutable<ReturnType<Factory["open"]>>;
type Database = OpenRequest["result"];
type Transaction = Mutable<ReturnType<Database["transaction"]>>;
type Request = Mutable<ReturnType<ReturnType<Transaction["objectStore"]>["get"]>>;
type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

const NO_EVENT = undefined as never;

/** What a fake database does wrong. */
export interface Faults {
  /** Opening fails with this name. */
  readonly open?: string;
  /** Opening waits for another tab for ever. */
  readonly blocked?: true;
  /** Adding fails with this name, which aborts the transaction. */
  readonly add?: string;
  /** The transaction aborts when it is committed, with this name. */
  readonly commit?: string;
}

/** One origin's IndexedDB, as far as a key storage sees it: one transaction at a time, each request in its own turn. */
export class FakeIndexedDb implements Factory {
  readonly #faults: Faults;
  readonly #stores = new Map<string, Map<string, string>>();
  #queue: Promise<void> = Promise.resolve();
  /** Databases that are open. */
  openCount = 0;

  constructor(faults: Faults = {}) {
    this.#faults = faults;
  }

  open(): OpenRequest {
    const request = { ...createRequest(), result: this.#createDatabase(), onupgradeneeded: null, onblocked: null };
    queueMicrotask(() => this.#answer(request));
    return request;
  }

  #answer(request: OpenRequest): void {
    const { open, blocked } = this.#faults;
    if (blocked) {
      request.onblocked?.(NO_EVENT);
    } else if (open !== undefined) {
      request.error = { name: open };
      request.onerror?.(new FakeEvent() as never);
    } else {
      if (this.#stores.size === 0) request.onupgradeneeded?.(NO_EVENT);
      this.openCount++;
      request.onsuccess?.(NO_EVENT);
    }
  }

  #createDatabase(): Database {
    return {
      createObjectStore: (name) => this.#stores.set(name, new Map()),
      transaction: (name) => {
        const transaction = new FakeTransaction(this.#stores.get(name) ?? new Map(), this.#faults);
        this.#queue = this.#queue.then(() => transaction.run());
        return transaction;
      },
      close: () => {
        this.openCount--;
      },
    };
  }
}

class FakeTransaction implements Transaction {
  readonly #items: Map<string, string>;
  readonly #faults: Faults;
  readonly #steps: (() => void)[] = [];
  error: Transaction["error"] = null;
  oncomplete: Transaction["oncomplete"] = null;
  onabort: Transaction["onabort"] = null;

  constructor(items: Map<string, string>, faults: Faults) {
    this.#items = items;
    this.#faults = faults;
  }

  objectStore(): ReturnType<Transaction["objectStore"]> {
    return {
      add: (value, key) => this.#request(() => this.#add(key, value)),
      get: (key) => this.#request(() => this.#items.get(key)),
    };
  }

  /** Takes the requests one by one, those that answers have led to as well, then commits or takes everything back. */
  async run(): Promise<void> {
    const before = [...this.#items];
    for (let step = this.#steps.shift(); step !== undefined && this.error === null; step = this.#steps.shift()) {
      await Promise.resolve();
      step();
    }
    if (this.#faults.commit !== undefined) this.error ??= { name: this.#faults.commit };
    if (this.error === null) {
      this.oncomplete?.(NO_EVENT);
    } else {
      this.#items.clear();
      for (const [key, value] of before) this.#items.set(key, value);
      this.onabort?.(NO_EVENT);
    }
  }

  #request(work: () => unknown): Request {
    const request = createRequest();
    this.#steps.push(() => this.#answer(request, work));
    return request;
  }

  #answer(request: Request, work: () => unknown): void {
    try {
      request.result = work();
    } catch (error) {
      const event = new FakeEvent();
      request.error = { name: (error as Error).message };
      request.onerror?.(event as never);
      if (!event.isPrevented) this.error = request.error;
      return;
    }
    request.onsuccess?.(NO_EVENT);
  }

  #add(key: string, value: string): void {
    if (this.#faults.add !== undefined) throw new Error(this.#faults.add);
    if (this.#items.has(key)) throw new Error("ConstraintError");
    this.#items.set(key, value);
  }
}

class FakeEvent {
  isPrevented = false;

  preventDefault(): void {
    this.isPrevented = true;
  }

  stopPropagation(): void {}
}

function createRequest(): Request {
  return { result: undefined, error: null, onsuccess: null, onerror: null };
}
