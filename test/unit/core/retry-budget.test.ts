import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BUDGET_ATTEMPTS,
  BUDGET_REFILL_MS,
  fullBudget,
  nextAttemptAtMs,
  type RetryBudget,
  takeAttempt,
} from "../../../src/core/retry-budget.ts";

function drain(nowMs: number): RetryBudget {
  let budget = fullBudget(nowMs);
  for (let i = 0; i < BUDGET_ATTEMPTS; i += 1) budget = takeAttempt(budget, nowMs);
  return budget;
}

describe("the retry budget", () => {
  it("lets 20 attempts go at once, and the next one 3 s later [RETRY-3]", () => {
    let budget = fullBudget(1_000);
    for (let i = 0; i < 20; i += 1) {
      expect(nextAttemptAtMs(budget, 1_000)).toBe(1_000);
      budget = takeAttempt(budget, 1_000);
    }
    expect(nextAttemptAtMs(budget, 1_000)).toBe(4_000);
    expect(nextAttemptAtMs(budget, 2_000)).toBe(4_000);
    expect(nextAttemptAtMs(budget, 9_000)).toBe(9_000);
  });

  it("gives one attempt back every 3 s, and holds no more than 20 [RETRY-3]", () => {
    let budget = takeAttempt(drain(0), 2 * BUDGET_REFILL_MS);
    expect(budget.tokens).toBeCloseTo(1);
    budget = takeAttempt(budget, 1_000 * BUDGET_REFILL_MS);
    expect(budget.tokens).toBe(19);
  });

  it("stays empty when a user dials all the same", () => {
    const budget = takeAttempt(takeAttempt(drain(0), 0), 0);
    expect(budget.tokens).toBe(0);
    expect(nextAttemptAtMs(budget, 0)).toBe(BUDGET_REFILL_MS);
  });

  it("takes no harm from a clock that seems to go back", () => {
    expect(takeAttempt({ tokens: 3, atMs: 10_000 }, 4_000)).toEqual({ tokens: 2, atMs: 10_000 });
    expect(nextAttemptAtMs({ tokens: 0, atMs: 10_000 }, 4_000)).toBe(13_000);
  });

  it("never allows more than 20 and one per 3 s in any stretch of time [RETRY-3]", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5_000), { maxLength: 200 }), (waits) => {
        let budget = fullBudget(0);
        let nowMs = 0;
        let dials = 0;
        for (const waitMs of waits) {
          nowMs = nextAttemptAtMs(budget, nowMs + waitMs);
          budget = takeAttempt(budget, nowMs);
          dials += 1;
          expect(dials).toBeLessThanOrEqual(BUDGET_ATTEMPTS + nowMs / BUDGET_REFILL_MS + 1e-6);
        }
      }),
    );
  });
});
