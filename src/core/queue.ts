/** A first-in, first-out queue whose `push` and `shift` cost the same however long it is. */
export class Queue<T> {
  private items: T[] = [];
  private head = 0;

  /** How many items there are. */
  get length(): number {
    return this.items.length - this.head;
  }

  /** The item `index` places behind the first one. Undefined where there is none. */
  at(index: number): T | undefined {
    return this.items[this.head + index];
  }

  /** Adds an item at the end. */
  push(item: T): void {
    this.items.push(item);
  }

  /** Takes the first item. Undefined where there is none. */
  shift(): T | undefined {
    if (this.head === this.items.length) return undefined;
    const item = this.items[this.head] as T;
    this.items[this.head] = undefined as T;
    this.head += 1;
    if (this.head === this.items.length) this.clear();
    else if (this.head >= 1024 && this.head * 2 >= this.items.length) this.compact();
    return item;
  }

  /** Drops all items. */
  clear(): void {
    if (this.items.length > 0) this.items = [];
    this.head = 0;
  }

  private compact(): void {
    this.items = this.items.slice(this.head);
    this.head = 0;
  }
}
