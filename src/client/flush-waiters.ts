import type { Clock, Timer } from "../core/clock.ts";

interface Waiter {
  readonly timer: Timer;
  readonly resolve: () => void;
}

/** Those who wait until everything that was queued has been acknowledged, or cannot be. Spec: CONN-17. */
export class FlushWaiters {
  private readonly clock: Clock;
  private readonly isOver: () => boolean;
  private readonly waiters = new Set<Waiter>();

  /** @param isOver Whether there is nothing to wait for: all is acknowledged, or nothing will be. */
  constructor(clock: Clock, isOver: () => boolean) {
    this.clock = clock;
    this.isOver = isOver;
  }

  /** Resolves when there is nothing to wait for, and after `timeoutMs` at the latest. */
  wait(timeoutMs: number): Promise<void> {
    if (this.isOver()) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.clock.setTimer(Math.max(0, timeoutMs), () => {
        this.waiters.delete(waiter);
        resolve();
      });
      const waiter = { timer, resolve };
      this.waiters.add(waiter);
    });
  }

  /** Something changed that may be what they wait for. */
  check(): void {
    if (this.waiters.size === 0 || !this.isOver()) return;
    for (const { timer, resolve } of this.waiters) {
      timer.cancel();
      resolve();
    }
    this.waiters.clear();
  }
}
