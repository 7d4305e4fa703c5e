import type { Clock } from "../../core/clock.ts";

/** How often it is looked whether anything has come, in milliseconds. */
const TICK_MS = 1_000;
/** Silence is told of a dead connection after 25 s, and this is well beyond. */
const MAX_QUIET_TICKS = 60;

/**
 * Notices that nothing goes on any more. Only time counts in which this process runs: a machine that is slow, or was asleep,
 * gets no false verdict. Spec: CLI-6.
 */
export class ProgressWatch {
  readonly #clock: Clock;
  #quietTicks = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something has come. */
  note(): void {
    this.#quietTicks = 0;
  }

  /** Rejects when nothing has come for 60 s. */
  untilStalled(): Promise<never> {
    return new Promise((_, reject) => {
      const tick = (): void => {
        this.#quietTicks += 1;
        if (this.#quietTicks < MAX_QUIET_TICKS) this.#clock.setTimer(TICK_MS, tick);
        else reject(new Error(`nothing has come for ${(MAX_QUIET_TICKS * TICK_MS) / 1_000} s`));
      };
      this.#clock.setTimer(TICK_MS, tick);
    });
  }
}
