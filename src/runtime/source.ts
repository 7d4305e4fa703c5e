import { checkFunction } from "../wire/check-given.ts";

/**
 * A value that changes; for `useSyncExternalStore`. Both functions work without `this`. `getSnapshot` gives the same
 * reference until something has changed.
 */
export interface Source<T> {
  /** The value as it is now. */
  readonly getSnapshot: () => T;
  /** Calls `listener` after each change, until the function that comes back is called. */
  readonly subscribe: (listener: () => void) => () => void;
}

/** Who listens to a {@link Source}. What a listener throws is told to `failed`, and the others hear all the same. */
export class Listeners {
  private readonly subscriptions = new Set<{ readonly listener: () => void }>();
  private readonly failed: (error: unknown) => void;

  /** @param failed Hears what a listener throws. Must not throw. */
  constructor(failed: (error: unknown) => void) {
    this.failed = failed;
  }

  /** How many there are. */
  get size(): number {
    return this.subscriptions.size;
  }

  /**
   * Adds one, the same function as often as it is given. @returns What removes it again.
   * @throws MoorlineError OPTION_INVALID for what is no function.
   */
  add(listener: () => void): () => void {
    checkFunction("the listener", listener);
    const subscription = { listener };
    this.subscriptions.add(subscription);
    return () => {
      this.subscriptions.delete(subscription);
    };
  }

  /** Calls those that are here now; one that is removed meanwhile is not called. */
  notify(): void {
    if (this.subscriptions.size === 0) return;
    for (const subscription of [...this.subscriptions]) {
      if (!this.subscriptions.has(subscription)) continue;
      try {
        subscription.listener();
      } catch (error) {
        this.failed(error);
      }
    }
  }
}

/** Who listens to single values, by their ids: a change costs as much as its id has listeners. */
export class KeyedListeners {
  private readonly byId = new Map<string, Listeners>();
  private readonly failed: (error: unknown) => void;

  /** @param failed Hears what a listener throws. Must not throw. */
  constructor(failed: (error: unknown) => void) {
    this.failed = failed;
  }

  /** Whether anybody listens to anything. */
  get isEmpty(): boolean {
    return this.byId.size === 0;
  }

  /** The ids that somebody listens to. */
  get ids(): Iterable<string> {
    return this.byId.keys();
  }

  /** Adds a listener of an id. @returns What removes it again. */
  add(id: string, listener: () => void): () => void {
    const listeners = this.byId.get(id) ?? new Listeners(this.failed);
    this.byId.set(id, listeners);
    const remove = listeners.add(listener);
    return () => {
      remove();
      if (listeners.size === 0 && this.byId.get(id) === listeners) this.byId.delete(id);
    };
  }

  /** Calls the listeners of an id. */
  notify(id: string): void {
    this.byId.get(id)?.notify();
  }
}
