import type { Clock } from "../core/clock.ts";
import { Deadlines } from "../core/deadlines.ts";
import { checkRange, MAX_UINT32 } from "../wire/check-given.ts";
import { callbackTimeoutMs } from "../wire/limits.ts";
import { MoorlineError } from "../wire/moorline-error.ts";

/** Asks functions of the app for a session key or a credential, which may never answer. Spec: RETRY-6, HOST-19. */
export class Callbacks {
  readonly #deadlines: Deadlines;
  readonly #timeoutMs: number;

  /**
   * @param timeoutMs How long each may take, in milliseconds. Default 60 s.
   * @throws MoorlineError OPTION_INVALID.
   */
  constructor(clock: Clock, timeoutMs: number = callbackTimeoutMs) {
    checkRange("callbackTimeoutMs", timeoutMs, 1, MAX_UINT32);
    this.#deadlines = new Deadlines(clock);
    this.#timeoutMs = timeoutMs;
  }

  /**
   * What a function gives, or throws.
   * @param what What it is to give, for people.
   * @returns Rejects with CALLBACK_TIMED_OUT where it takes too long; what comes then is dropped.
   */
  ask<T>(what: string, callback: () => T | Promise<T>): Promise<T> {
    const timeoutMs = this.#timeoutMs;
    const text = `The function that gives the ${what} has not answered within ${timeoutMs / 1_000} s.`;
    const createError = (): MoorlineError => new MoorlineError("CALLBACK_TIMED_OUT", text);
    return this.#deadlines.run({ timeoutMs, createError }, callback);
  }

  /** Lets every function that is being asked take as long as it likes: nobody waits for it any more. */
  cancel(): void {
    this.#deadlines.cancel();
  }
}
