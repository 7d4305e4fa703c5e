import type { Clock, Timer } from "./clock.ts";

/** What has to come in time. */
export interface Deadline {
  /** How long it may take, in milliseconds. */
  readonly timeoutMs: number;
  /** What is said where it takes longer. */
  readonly createError: () => Error;
}

/** Deadlines of functions that are given from outside, and may never answer. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #timers = new Set<Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What `work` comes to, or throws; rejects where that takes too long, and what comes then is dropped. */
  run<T>({ timeoutMs, createError }: Deadline, work: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimer(timeoutMs, () => {
        this.#timers.delete(timer);
        reject(createError());
      });
      this.#timers.add(timer);
      const settled = new Promise<T>((answer) => answer(work())).finally(() => {
        timer.cancel();
        this.#timers.delete(timer);
      });
      settled.then(resolve, reject);
    });
  }

  /** Lets everything that is under way take as long as it likes: nobody waits for it any more. */
  cancel(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}
