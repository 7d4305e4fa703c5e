import type { Clock } from "../../../src/core/clock.ts";
import { systemClock } from "../../../src/transport/system-clock.ts";

/** A clock on which time passes so many times faster: whoever lives by it waits as often, and less long. */
export function createHurriedClock(factor: number): Clock {
  return {
    ...systemClock,
    now: () => systemClock.now() * factor,
    setTimer: (delayMs, callback) => systemClock.setTimer(delayMs / factor, callback),
  };
}
