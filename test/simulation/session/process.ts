import type { Clock, Timer } from "../../../src/core/clock.ts";
import type { SimulatedHost } from "../../../src/testing/simulated-host.ts";

/** The clock of one process, which knows how many of its timers run: at the end of whoever has set them there must be none. */
export class ProcessClock implements Clock {
  /** Timers that were set and have neither fired nor been cancelled. */
  pendingTimers = 0;
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  now(): number {
    return this.clock.now();
  }

  wallNow(): number {
    return this.clock.wallNow();
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    let isPending = true;
    const settle = (): boolean => {
      const was = isPending;
      isPending = false;
      if (was) this.pendingTimers -= 1;
      return was;
    };
    this.pendingTimers += 1;
    const timer = this.clock.setTimer(delayMs, () => {
      if (settle()) callback();
    });
    return {
      cancel() {
        settle();
        timer.cancel();
      },
    };
  }

  defer(callback: () => void): void {
    this.clock.defer(callback);
  }

  soon(callback: () => void): void {
    this.clock.soon(callback);
  }
}

/** A process of the world: a program, or the daemon. */
export class Process {
  readonly host: SimulatedHost;
  /** The time of what is under test. */
  readonly clock: ProcessClock;
  /** Handlers that run in it. */
  runningHandlers = 0;

  constructor(host: SimulatedHost) {
    this.host = host;
    this.clock = new ProcessClock(host.clock);
  }

  /** Its name in the history. */
  get name(): string {
    return this.host.name;
  }

  /** Whether it lives, awake or asleep. What happens in a dead one does not count. */
  get isAlive(): boolean {
    return this.host.isAlive;
  }

  /** Does something in the process: now, or when it wakes, or never. */
  perform(work: () => void): void {
    this.host.clock.perform(work);
  }

  /** Waits on the time of the process, at most until the signal fires. Its timers are none of what is under test. */
  pause(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const timer = this.host.clock.setTimer(ms, () => {
        signal?.removeEventListener("abort", stop);
        resolve();
      });
      const stop = (): void => {
        timer.cancel();
        resolve();
      };
      signal?.addEventListener("abort", stop, { once: true });
    });
  }
}
