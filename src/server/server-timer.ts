import type { DeadlineEntry, DeadlineQueue } from "../rpc/deadline-queue.ts";

/** One timer on the queue that a whole server shares, so that thousands of idle sessions cost no timer of the system. */
export class ServerTimer implements DeadlineEntry {
  atMs = 0;
  queueIndex = -1;
  private readonly queue: DeadlineQueue;
  private readonly onDue: (atMs: number) => void;

  /** @param queue Where it waits. @param onDue Hears when it is due, with the instant that it was set to. Must not throw. */
  constructor(queue: DeadlineQueue, onDue: (atMs: number) => void) {
    this.queue = queue;
    this.onDue = onDue;
  }

  /** Sets the timer, instead of what it was set to before. */
  start(atMs: number): void {
    this.queue.remove(this);
    this.atMs = atMs;
    this.queue.add(this);
  }

  /** Cancels the timer. Does nothing where it is not set. */
  cancel(): void {
    this.queue.remove(this);
  }

  expire(): void {
    this.onDue(this.atMs);
  }
}
