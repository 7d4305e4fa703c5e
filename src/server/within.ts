import type { Clock } from "../core/clock.ts";

/** Resolves when `work` does, and at the latest after `ms`. */
export function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(ms, resolve);
    work.then(() => {
      timer.cancel();
      resolve();
    });
  });
}
