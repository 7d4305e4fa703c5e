/** Room that a queue begins with, in items. A power of two, as every size is. */
const LEAST_ROOM = 4;
/** Room that an empty queue may keep. */
const MOST_IDLE_ROOM = 64;

/**
 * A first-in, first-out queue whose `push` and `shift` cost the same however long it is. It is a ring, so that a queue which
 * is filled and emptied again and again allocates nothing.
 */
export class Queue<T> {
  private ring: (T | undefined)[] = [];
  private head = 0;
  private count = 0;

  /** How many items there are. */
  get length(): number {
    return this.count;
  }

  /** The item `index` places behind the first one. Undefined where there is none. */
  at(index: number): T | undefined {
    return index < this.count ? this.ring[(this.head + index) & (this.ring.length - 1)] : undefined;
  }

  /** Adds an item at the end. */
  push(item: T): void {
    if (this.count === this.ring.length) this.grow();
    this.ring[(this.head + this.count) & (this.ring.length - 1)] = item;
    this.count += 1;
  }

  /** Takes the first item. Undefined where there is none. */
  shift(): T | undefined {
    if (this.count === 0) return undefined;
    const { ring, head } = this;
    const item = ring[head];
    ring[head] = undefined;
    this.head = (head + 1) & (ring.length - 1);
    this.count -= 1;
    if (this.count === 0 && ring.length > MOST_IDLE_ROOM) this.clear();
    return item;
  }

  /** Drops all items. */
  clear(): void {
    if (this.ring.length > 0) this.ring = [];
    this.head = 0;
    this.count = 0;
  }

  private grow(): void {
    const { ring, head } = this;
    const grown = new Array<T | undefined>(Math.max(LEAST_ROOM, 2 * ring.length)).fill(undefined);
    for (let i = 0; i < ring.length; i += 1) grown[i] = ring[(head + i) & (ring.length - 1)];
    this.ring = grown;
    this.head = 0;
  }
}
