/** Who wants to hear of changes. A listener that is added twice is told twice, and removed once at a time. */
export class Listeners {
  readonly #entries = new Set<{ readonly listener: () => void }>();

  /** How many there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** Adds a listener. @returns What removes it, and says whether it was still there. */
  add(listener: () => void): () => boolean {
    const entry = { listener };
    this.#entries.add(entry);
    return () => this.#entries.delete(entry);
  }

  /** Calls all of them, but those that are removed meanwhile. @param failed Hears what they throw. */
  tell(failed: (error: unknown) => void): void {
    for (const entry of [...this.#entries]) {
      if (!this.#entries.has(entry)) continue;
      try {
        entry.listener();
      } catch (error) {
        failed(error);
      }
    }
  }

  /** Removes all of them. */
  clear(): void {
    this.#entries.clear();
  }
}
