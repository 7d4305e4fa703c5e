/** One thing to be done at an instant. */
export interface ScheduledTimer {
  /** When it is due, in milliseconds. */
  readonly dueAt: number;
  /** Undefined once it has run or was cancelled. */
  callback: (() => void) | undefined;
}

interface Entry extends ScheduledTimer {
  readonly sequence: number;
}

/** Timers in the order in which they are due, and among equals in the order in which they were set: a binary heap. */
export class TimerQueue {
  private heap: Entry[] = [];
  private sequence = 0;
  private cancelledCount = 0;

  /** How many timers wait. */
  get length(): number {
    return this.heap.length - this.cancelledCount;
  }

  /** Sets a timer. */
  add(dueAt: number, callback: () => void): ScheduledTimer {
    const entry: Entry = { dueAt, callback, sequence: this.sequence++ };
    this.heap.push(entry);
    this.siftUp(this.heap.length - 1);
    return entry;
  }

  /** Cancels a timer. Does nothing where it has run or was cancelled. */
  cancel(timer: ScheduledTimer): void {
    if (timer.callback === undefined) return;
    timer.callback = undefined;
    this.cancelledCount += 1;
    if (this.cancelledCount > 64 && this.cancelledCount * 2 > this.heap.length) this.compact();
  }

  /** The instant at which the next timer is due. Undefined where none waits. */
  nextDueAt(): number | undefined {
    while (this.heap[0] !== undefined && this.heap[0].callback === undefined) {
      this.removeFirst();
      this.cancelledCount -= 1;
    }
    return this.heap[0]?.dueAt;
  }

  /** Takes what the next timer does. Undefined where none waits. */
  take(): (() => void) | undefined {
    if (this.nextDueAt() === undefined) return undefined;
    const entry = this.removeFirst();
    const callback = entry?.callback;
    if (entry !== undefined) entry.callback = undefined;
    return callback;
  }

  private compact(): void {
    this.heap = this.heap.filter(({ callback }) => callback !== undefined).sort(byTime);
    this.cancelledCount = 0;
  }

  private removeFirst(): Entry | undefined {
    const first = this.heap[0];
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return first;
    this.heap[0] = last;
    this.siftDown(0);
    return first;
  }

  private siftUp(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.swapIfLater(parent, index)) return;
      index = parent;
    }
  }

  private siftDown(from: number): void {
    let index = from;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      if (left >= this.heap.length) return;
      const least = right < this.heap.length && byTime(this.at(right), this.at(left)) < 0 ? right : left;
      if (!this.swapIfLater(index, least)) return;
      index = least;
    }
  }

  private swapIfLater(upper: number, lower: number): boolean {
    const [above, below] = [this.at(upper), this.at(lower)];
    if (byTime(above, below) <= 0) return false;
    this.heap[upper] = below;
    this.heap[lower] = above;
    return true;
  }

  private at(index: number): Entry {
    return this.heap[index] as Entry;
  }
}

function byTime(a: Entry, b: Entry): number {
  return a.dueAt - b.dueAt || a.sequence - b.sequence;
}
