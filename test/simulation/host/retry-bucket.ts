const CAPACITY = 20;
const REFILL_MS = 3_000;
/** Sums of parts are not exact. */
const TOLERANCE = 1e-6;

/** A bucket of attempts: 20, and one more every three seconds. Its own arithmetic, for whoever judges. */
export class RetryBucket {
  private readonly capacity: number;
  private tokens: number;
  private atMs = 0;

  /** @param slack Attempts more than 20, where what is counted happens later than it was allowed. Default 0. */
  constructor(slack = 0) {
    this.capacity = CAPACITY + slack;
    this.tokens = this.capacity;
  }

  /** Takes one attempt. @param isFree It was asked for by a person, who need not wait. @returns false where there is none. */
  take(nowMs: number, isFree: boolean): boolean {
    this.tokens = Math.min(this.capacity, this.tokens + (nowMs - this.atMs) / REFILL_MS);
    this.atMs = nowMs;
    const isThere = this.tokens >= 1 - TOLERANCE;
    if (isThere) this.tokens -= 1;
    return isThere || isFree;
  }
}
