/**
 * Where an install keeps its secret. Implementations: memory (here), IndexedDB, `localStorage` under Web Locks, files.
 * What it holds is secret, and must last as long as the install. Spec: KEY-6, KEY-7.
 */
export interface KeyStorage {
  /** Where it is, for error messages; for example `IndexedDB`, or a directory. */
  readonly name: string;
  /**
   * Stores `value` under `key` unless something is stored there, and resolves to what is stored afterwards. Atomic over
   * all callers, tabs and processes that share the storage: they all get the same, and never a part of it. Rejects where
   * the storage cannot be read or written; nothing was replaced then.
   */
  putIfAbsent(key: string, value: string): Promise<string>;
}

/** A storage that lasts as long as the process: for tests, and for clients whose sessions need not outlive them. */
export function createMemoryStorage(): KeyStorage {
  const values = new Map<string, string>();
  return {
    name: "memory",
    async putIfAbsent(key, value) {
      const stored = values.get(key);
      if (stored !== undefined) return stored;
      values.set(key, value);
      return value;
    },
  };
}
