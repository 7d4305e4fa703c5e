/**
 * Time, as everything above the core sees it. Production code injects the system's clock, tests a simulated one; nothing
 * in Moorline asks the system for the time by itself.
 */
export interface Clock {
  /** Milliseconds of a clock that never goes back. Only differences mean something. */
  now(): number;
  /** Milliseconds since 1970, for logs only: it may jump, and orders nothing. Timestamps leave out parts of one. */
  wallNow(): number;
  /** Calls `callback` once, `delayMs` from now (0 or more), unless the timer is cancelled before. */
  setTimer(delayMs: number, callback: () => void): Timer;
  /** Calls `callback` once, after the present turn of the event loop and everything that it settles. Not cancellable. */
  defer(callback: () => void): void;
  /**
   * Calls `callback` once, as soon as the code that runs now and everything that it settles is done; at the latest when
   * `defer` would. Whoever calls it again and again from such a callback may keep all else waiting. Not cancellable.
   */
  soon(callback: () => void): void;
}

/** A timer that {@link Clock.setTimer} started. */
export interface Timer {
  /** Cancels the timer. Does nothing where it has fired or was cancelled. */
  cancel(): void;
}
