/** What an {@link IdMap} holds. */
export interface Identified {
  /** Its number. Must not change while the map holds it. */
  readonly id: number;
}

const SMALLEST = 8;

/**
 * Things by their numbers. It does what a `Map` does for numbers that come and go all the time; but a `Map` in use keeps
 * alive what has left it, until the collector has gone over everything.
 */
export class IdMap<T extends Identified> {
  /** A power of two of slots, at most half of them in use; a thing stands in the first free one from its own on. */
  private slots: (T | undefined)[] = [];
  private count = 0;

  /** How many there are. */
  get size(): number {
    return this.count;
  }

  /** The thing of a number, if it is there. */
  get(id: number): T | undefined {
    return this.slots[this.find(id)];
  }

  /** Adds a thing. Its number must not be taken. */
  add(item: T): void {
    this.count += 1;
    if (2 * this.count > this.slots.length) this.resize(Math.max(SMALLEST, 2 * this.slots.length));
    this.slots[this.find(item.id)] = item;
  }

  /** Removes the thing of a number, if it is there. */
  delete(id: number): void {
    const { slots } = this;
    const mask = slots.length - 1;
    let gap = this.find(id);
    if (slots[gap] === undefined) return;
    // What stands behind the gap moves up, unless it would come to stand before its own slot.
    for (let i = (gap + 1) & mask; slots[i] !== undefined; i = (i + 1) & mask) {
      const item = slots[i] as T;
      const isBehindGap = ((i - item.id) & mask) >= ((i - gap) & mask);
      if (!isBehindGap) continue;
      slots[gap] = item;
      gap = i;
    }
    slots[gap] = undefined;
    this.count -= 1;
    if (slots.length > SMALLEST && this.count * 8 < slots.length) this.resize(slots.length / 2);
  }

  /** The slot of a number: where it stands, or else where it would. */
  private find(id: number): number {
    const { slots } = this;
    const mask = slots.length - 1;
    let index = id & mask;
    for (let item = slots[index]; item !== undefined && item.id !== id; item = slots[index]) index = (index + 1) & mask;
    return index;
  }

  private resize(length: number): void {
    const before = this.slots;
    this.slots = new Array<T | undefined>(length).fill(undefined);
    for (const item of before) if (item !== undefined) this.slots[this.find(item.id)] = item;
  }
}
