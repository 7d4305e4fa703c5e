import { describe, expect, it } from "vitest";
import { SimulatedRandom } from "../../../src/testing/index.ts";

function take(seed: number, count = 5): number[] {
  const random = new SimulatedRandom(seed);
  return Array.from({ length: count }, () => random.unit());
}

describe("SimulatedRandom", () => {
  it("gives the same for the same seed, and something else for another", () => {
    expect(take(42)).toEqual(take(42));
    expect(take(42)).not.toEqual(take(43));
    expect(new SimulatedRandom(9).bytes(33)).toEqual(new SimulatedRandom(9).bytes(33));
  });

  it("keeps to its sequence for ever, so that the seeds of old reports still mean the same", () => {
    expect(take(1, 3)).toMatchInlineSnapshot(`
      [
        0.09156953175513294,
        0.8881928137485323,
        0.43427017709149285,
      ]
    `);
  });

  it("spreads evenly from 0 to below 1, for neighbouring seeds too", () => {
    const firsts = Array.from({ length: 4_000 }, (_, seed) => take(seed, 1)[0] ?? 0);
    const tenths = Array.from({ length: 10 }, (_, part) => firsts.filter((x) => Math.floor(x * 10) === part).length);
    for (const count of tenths) expect(Math.abs(count - 400)).toBeLessThan(100);
    expect(Math.max(...firsts)).toBeLessThan(1);
  });

  it("gives integers below the end, all of them", () => {
    const random = new SimulatedRandom(3);
    const seen = new Set(Array.from({ length: 1_000 }, () => random.int(7)));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(random.int(0)).toBe(0);
  });

  it("picks every item, and throws where there is none", () => {
    const random = new SimulatedRandom(4);
    expect(new Set(Array.from({ length: 100 }, () => random.pick(["a", "b", "c"]))).size).toBe(3);
    expect(() => random.pick([])).toThrow(RangeError);
  });

  it("keeps to probabilities and ranges", () => {
    const random = new SimulatedRandom(5);
    const hits = Array.from({ length: 10_000 }, () => random.chance(0.2)).filter(Boolean).length;
    expect(Math.abs(hits - 2_000)).toBeLessThan(200);
    expect([random.chance(0), random.chance(1)]).toEqual([false, true]);
    for (let i = 0; i < 1_000; i++) expect(Math.floor(random.between(5, 6))).toBe(5);
  });

  it("forks into sources that do not disturb each other", () => {
    const take3 = (random: SimulatedRandom): number[] => [random.unit(), random.unit(), random.unit()];
    const [first, second] = [new SimulatedRandom(6), new SimulatedRandom(6)];
    const [forkOfFirst, forkOfSecond] = [first.fork(), second.fork()];
    take3(first);
    expect(take3(forkOfFirst)).toEqual(take3(forkOfSecond));
    expect(take3(new SimulatedRandom(6).fork())).not.toEqual(take3(new SimulatedRandom(6)));
  });
});
