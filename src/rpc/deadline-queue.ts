import type { Clock, Timer } from "../core/clock.ts";

/** What waits for its time in a {@link DeadlineQueue}. */
export interface DeadlineEntry {
  /** When its time is up, on the clock of the queue. */
  readonly atMs: number;
  /** Its place in the queue, kept by the queue alone; -1 while it is in none. */
  queueIndex: number;
  /** Its time is up; it is no longer in the queue. Must not throw. */
  expire(): void;
}

/** The longest a single timer runs: longer ones overflow in some systems. */
const MAX_TIMER_MS = 24 * 60 * 60 * 1000;

/**
 * Many deadlines on one timer: a binary heap whose entries know their place, so that a call which ends in time costs no
 * timer. There is a timer exactly while there are entries. Spec: DEADLINE.
 */
export class DeadlineQueue {
  private readonly clock: Clock;
  private readonly heap: DeadlineEntry[] = [];
  private timer: Timer | undefined = undefined;
  private timerAtMs = Number.POSITIVE_INFINITY;

  /** @param clock The clock of the deadlines. */
  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** How many entries wait. */
  get length(): number {
    return this.heap.length;
  }

  /** Adds an entry. One whose time is up already expires soon, not at once. */
  add(entry: DeadlineEntry): void {
    this.place(entry, this.heap.length);
    this.siftUp(entry);
    if (entry.atMs < this.timerAtMs) this.arm(entry.atMs);
  }

  /** Removes an entry. Does nothing where it is not in the queue. */
  remove(entry: DeadlineEntry): void {
    const index = entry.queueIndex;
    if (index < 0) return;
    entry.queueIndex = -1;
    const last = this.heap.pop() as DeadlineEntry;
    if (last !== entry) {
      this.place(last, index);
      this.siftUp(last);
      this.siftDown(last);
    }
    if (this.heap.length === 0) this.disarm();
  }

  private arm(atMs: number): void {
    this.timer?.cancel();
    this.timerAtMs = atMs;
    const delayMs = Math.min(Math.max(0, Math.ceil(atMs - this.clock.now())), MAX_TIMER_MS);
    this.timer = this.clock.setTimer(delayMs, () => this.fire());
  }

  private disarm(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.timerAtMs = Number.POSITIVE_INFINITY;
  }

  private fire(): void {
    this.timer = undefined;
    this.timerAtMs = Number.POSITIVE_INFINITY;
    const nowMs = this.clock.now();
    for (let first = this.heap[0]; first !== undefined && first.atMs <= nowMs; first = this.heap[0]) {
      this.remove(first);
      first.expire();
    }
    const next = this.heap[0];
    if (next !== undefined && next.atMs < this.timerAtMs) this.arm(next.atMs);
  }

  private place(entry: DeadlineEntry, index: number): void {
    this.heap[index] = entry;
    entry.queueIndex = index;
  }

  private siftUp(entry: DeadlineEntry): void {
    let index = entry.queueIndex;
    while (index > 0) {
      const parent = this.heap[(index - 1) >> 1] as DeadlineEntry;
      if (parent.atMs <= entry.atMs) break;
      const parentIndex = parent.queueIndex;
      this.place(parent, index);
      index = parentIndex;
    }
    this.place(entry, index);
  }

  private siftDown(entry: DeadlineEntry): void {
    let index = entry.queueIndex;
    for (;;) {
      let child = this.heap[2 * index + 1];
      if (child === undefined) break;
      const right = this.heap[child.queueIndex + 1];
      if (right !== undefined && right.atMs < child.atMs) child = right;
      if (entry.atMs <= child.atMs) break;
      const childIndex = child.queueIndex;
      this.place(child, index);
      index = childIndex;
    }
    this.place(entry, index);
  }
}
