import { describe, expect, it } from "vitest";
import { describeFailure, loadWorlds, runSeeds } from "./run-seeds.ts";

/** Seeds that every world is played with in the tests. */
const SEEDS = 1_000;
/** The first of them; another one by the variable MOORLINE_FIRST_SEED. */
const FIRST_SEED = Number(process.env.MOORLINE_FIRST_SEED ?? 1);
const LIMIT_MS = 180_000;

/** Defines the tests of one part of the seeds, for every world: parts run beside each other, one to a file. */
export async function describeSeeds(part: number, parts: number): Promise<void> {
  const seeds = SEEDS / parts;
  const firstSeed = FIRST_SEED + (part - 1) * seeds;
  const worlds = await loadWorlds();
  describe.each(worlds)("world $name", (world) => {
    it(`keeps its promises for the ${seeds} seeds from ${firstSeed} on`, { timeout: LIMIT_MS }, async () => {
      console.log(`world ${world.name}: ${seeds} seeds, the first is ${firstSeed}`);
      const { failures, facts } = await runSeeds(world, { firstSeed, seeds }, { eventCount: 60, maxFailures: 3 });
      expect(failures.map((failure) => describeFailure(world, failure)).join("\n\n")).toBe("");
      expect(world.mustHappen.filter((what) => facts[what] === undefined)).toEqual([]);
    });
  });
}
