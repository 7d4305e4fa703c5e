import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffDelayMs, hintDelayMs, MAX_HINT_MS } from "../../../src/core/backoff.ts";

const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe("backoffDelayMs", () => {
  it.each([
    [0, 250],
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [5, 16_000],
    [6, 30_000],
    [60, 30_000],
    [5_000, 30_000],
  ])("waits between 0 and the bound after %i failures: %i ms [RETRY-2]", (failures, bound) => {
    expect(backoffDelayMs(failures, 0)).toBe(0);
    expect(backoffDelayMs(failures, 0.5)).toBe(bound / 2);
    expect(backoffDelayMs(failures, 1)).toBe(bound);
  });

  it("is uniform: chance in, the same share of the bound out [RETRY-2]", () => {
    fc.assert(
      fc.property(fc.nat(40), unit, unit, (failures, a, b) => {
        const bound = backoffDelayMs(failures, 1);
        expect(backoffDelayMs(failures, a)).toBeLessThan(bound);
        expect(backoffDelayMs(failures, a) / bound).toBeCloseTo(a, 10);
        expect(backoffDelayMs(failures, a) <= backoffDelayMs(failures, b)).toBe(a <= b);
      }),
    );
  });
});

describe("hintDelayMs", () => {
  it("waits as long as told, and a random part of the jitter [RETRY-4]", () => {
    expect(hintDelayMs(1_000, 500, 0)).toBe(1_000);
    expect(hintDelayMs(1_000, 500, 0.5)).toBe(1_250);
  });

  it("never waits longer than an hour", () => {
    expect(hintDelayMs(4_294_967_295, 4_294_967_295, 0.9)).toBe(MAX_HINT_MS);
  });
});
