/** The longest wait after no failure, in milliseconds. */
export const FIRST_WAIT_MS = 250;
/** The unit of the waits after failures, in milliseconds: it doubles with each. */
export const WAIT_UNIT_MS = 500;
/** The longest wait by backoff, in milliseconds. */
export const MAX_WAIT_MS = 30_000;
/** The longest wait by a hint, in milliseconds: one hour. */
export const MAX_HINT_MS = 3_600_000;

/**
 * How long to wait before the next attempt, in milliseconds, with full jitter. Spec: RETRY-2.
 * @param failures Failures in a row, from 0.
 * @param unitRandom From 0 (included) to 1 (not included).
 */
export function backoffDelayMs(failures: number, unitRandom: number): number {
  return unitRandom * (failures === 0 ? FIRST_WAIT_MS : Math.min(MAX_WAIT_MS, WAIT_UNIT_MS * 2 ** failures));
}

/**
 * How long a hint says to wait, in milliseconds: `afterMs` and a random part of `jitterMs`, at most an hour. Spec: RETRY-4.
 * @param unitRandom From 0 (included) to 1 (not included).
 */
export function hintDelayMs(afterMs: number, jitterMs: number, unitRandom: number): number {
  return Math.min(MAX_HINT_MS, afterMs + unitRandom * jitterMs);
}
