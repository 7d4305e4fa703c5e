/** The attempts that a full bucket holds. */
export const BUDGET_ATTEMPTS = 20;
/** How long it takes until one attempt comes back, in milliseconds. */
export const BUDGET_REFILL_MS = 3_000;

/** A bucket of attempts to connect, as of an instant. Spec: RETRY-3. */
export interface RetryBudget {
  /** Attempts left at `atMs`, 0 to 20, fractions included. */
  readonly tokens: number;
  /** When they were counted. */
  readonly atMs: number;
}

/** A full bucket. */
export function fullBudget(nowMs: number): RetryBudget {
  return { tokens: BUDGET_ATTEMPTS, atMs: nowMs };
}

/** Takes one attempt out. An empty bucket stays empty: who must not dial then asks `nextAttemptAtMs` before. */
export function takeAttempt(budget: RetryBudget, nowMs: number): RetryBudget {
  return { tokens: Math.max(0, tokensAt(budget, nowMs) - 1), atMs: Math.max(nowMs, budget.atMs) };
}

/** The earliest instant, not before `nowMs`, at which the bucket has an attempt. */
export function nextAttemptAtMs(budget: RetryBudget, nowMs: number): number {
  const missing = 1 - tokensAt(budget, nowMs);
  return missing <= 0 ? nowMs : Math.max(nowMs, budget.atMs) + missing * BUDGET_REFILL_MS;
}

function tokensAt(budget: RetryBudget, nowMs: number): number {
  const elapsedMs = Math.max(0, nowMs - budget.atMs);
  return Math.min(BUDGET_ATTEMPTS, budget.tokens + elapsedMs / BUDGET_REFILL_MS);
}
