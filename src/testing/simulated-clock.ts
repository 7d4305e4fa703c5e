import type { Clock, Timer } from "../core/clock.ts";
import { Queue } from "../core/queue.ts";
import { deferMacrotask } from "../transport/system-clock.ts";
import { TimerQueue } from "./timer-queue.ts";

/** Options of a {@link SimulatedClock}. */
export interface SimulatedClockOptions {
  /** What `wallNow` says at the start, in milliseconds since 1970. Default: 2030-01-01T00:00:00Z. */
  readonly wallStartMs?: number;
  /** How many events may run without time passing, until it counts as a loop without delay. Default: 10,000. */
  readonly maxEventsPerInstant?: number;
}

const WALL_START_MS = Date.UTC(2030, 0, 1);
const MAX_EVENTS_PER_INSTANT = 10_000;

/**
 * Time that passes only when a test says so. An event is a timer or a deferred callback; timers run in the order of their
 * instants, equal ones in the order in which they were set, and deferred callbacks before any later timer. The same
 * program runs the same way each time.
 *
 * Where no promise is involved, `advance` and `runUntil` do everything synchronously. Where some are, `advanceAsync`,
 * `runUntilAsync` and `settle` let all promises settle before each next event. What an event throws comes out of these.
 */
export class SimulatedClock implements Clock {
  private readonly timers = new TimerQueue();
  private readonly deferred = new Queue<() => void>();
  private readonly maxEventsPerInstant: number;
  private nowMs = 0;
  private wallOffsetMs: number;
  private eventsAtInstant = 0;
  private isRunning = false;

  constructor(options: SimulatedClockOptions = {}) {
    this.wallOffsetMs = options.wallStartMs ?? WALL_START_MS;
    this.maxEventsPerInstant = options.maxEventsPerInstant ?? MAX_EVENTS_PER_INSTANT;
  }

  /** Milliseconds since the clock was made. */
  now(): number {
    return this.nowMs;
  }

  wallNow(): number {
    return this.nowMs + this.wallOffsetMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = this.timers.add(this.nowMs + Math.max(0, delayMs), callback);
    return { cancel: () => this.timers.cancel(timer) };
  }

  defer(callback: () => void): void {
    this.deferred.push(callback);
  }

  soon(callback: () => void): void {
    this.deferred.push(callback);
  }

  /** How many timers and deferred callbacks wait. */
  get pending(): number {
    return this.timers.length + this.deferred.length;
  }

  /** Lets `ms` pass, and runs what is due on the way. */
  advance(ms: number): void {
    this.runUntil(() => false, ms);
  }

  /** Like {@link SimulatedClock.advance}; promises settle before each event and at the end. */
  async advanceAsync(ms: number): Promise<void> {
    await this.runUntilAsync(() => false, ms);
  }

  /**
   * Runs events, one by one, until `predicate` holds.
   * @returns false where it did not within `limitMs`, all of which have then passed.
   */
  runUntil(predicate: () => boolean, limitMs: number): boolean {
    const endAt = this.nowMs + limitMs;
    return this.exclusively(() => {
      while (!predicate()) if (!this.step(endAt)) return false;
      return true;
    });
  }

  /** Like {@link SimulatedClock.runUntil}; promises settle before the predicate is asked. */
  async runUntilAsync(predicate: () => boolean, limitMs: number): Promise<boolean> {
    const endAt = this.nowMs + limitMs;
    await settlePromises();
    while (!predicate()) {
      if (!this.exclusively(() => this.step(endAt))) return false;
      await settlePromises();
    }
    return true;
  }

  /** Runs what is due now, promises and deferred callbacks included, without letting time pass. */
  async settle(): Promise<void> {
    await this.advanceAsync(0);
  }

  /** Lets `ms` pass at once, as if the machine had slept: what was due meanwhile runs late, at the end of the sleep. */
  sleep(ms: number): void {
    this.exclusively(() => this.moveTo(this.nowMs + ms));
    this.advance(0);
  }

  /** Moves the wall clock by `ms`, back where that is negative. `now` and the timers do not notice. */
  jumpWall(ms: number): void {
    this.wallOffsetMs += ms;
  }

  /** Runs the next event that is due by `endAt`. @returns false where there is none; it is then `endAt`. */
  private step(endAt: number): boolean {
    const callback = this.deferred.shift() ?? this.takeTimer(endAt);
    if (callback === undefined) return false;
    this.eventsAtInstant += 1;
    if (this.eventsAtInstant > this.maxEventsPerInstant) {
      const events = `${this.maxEventsPerInstant} events ran at ${this.nowMs} ms without time passing`;
      throw new Error(`${events}: something loops without a delay`);
    }
    callback();
    return true;
  }

  private takeTimer(endAt: number): (() => void) | undefined {
    const dueAt = this.timers.nextDueAt();
    if (dueAt === undefined || dueAt > endAt) {
      this.moveTo(Math.max(this.nowMs, endAt));
      return undefined;
    }
    this.moveTo(Math.max(this.nowMs, dueAt));
    return this.timers.take();
  }

  private moveTo(instantMs: number): void {
    if (instantMs === this.nowMs) return;
    this.nowMs = instantMs;
    this.eventsAtInstant = 0;
  }

  private exclusively<T>(run: () => T): T {
    if (this.isRunning) throw new Error("an event must not let time pass by itself");
    this.isRunning = true;
    try {
      return run();
    } finally {
      this.isRunning = false;
    }
  }
}

/** Comes back when every promise that can settle without an event has settled. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => deferMacrotask(resolve));
}
