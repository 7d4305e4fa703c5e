import { describe, expect, it } from "vitest";
import { systemRandom } from "../../../src/transport/system-random.ts";

describe("systemRandom", () => {
  it("gives numbers from 0 to below 1, spread evenly", () => {
    const units = Array.from({ length: 10_000 }, () => systemRandom.unit());
    expect(Math.min(...units)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...units)).toBeLessThan(1);
    const mean = units.reduce((sum, unit) => sum + unit, 0) / units.length;
    expect(mean).toBeGreaterThan(0.45);
    expect(mean).toBeLessThan(0.55);
  });

  it("gives as many bytes as asked, more than the platform gives at once too, never the same", () => {
    for (const length of [0, 1, 16, 65_537, 200_000]) expect(systemRandom.bytes(length).length).toBe(length);
    const large = systemRandom.bytes(200_000);
    expect(large.slice(-100).some((byte) => byte !== 0)).toBe(true);
    expect(systemRandom.bytes(16)).not.toEqual(systemRandom.bytes(16));
  });
});
