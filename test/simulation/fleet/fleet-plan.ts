import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";

/** What kind of world a seed makes. */
export interface FleetPlan {
  /** Daemons. */
  readonly daemons: number;
  /** Ways to each daemon. */
  readonly ways: number;
  /** Programs of one user that share the registry and the disk. */
  readonly apps: number;
  /** Ids that agents of a daemon may have: the same at all daemons. */
  readonly agents: number;
  /** Whether mirrors are kept. */
  readonly disk: "none" | "good" | "bad";
  /** Whether the registry is read and written at once, always. */
  readonly registry: "good" | "bad";
  /** How long faults happen, in milliseconds. */
  readonly faultyMs: number;
  readonly meanGapMs: number;
  readonly actGapMs: number;
  readonly changeGapMs: number;
}

/** Draws a plan. */
export function drawFleetPlan(random: SimulatedRandom): FleetPlan {
  return {
    daemons: random.pick([1, 2, 2, 3]),
    ways: random.pick([1, 2]),
    apps: random.chance(0.25) ? 2 : 1,
    agents: random.pick([3, 6]),
    disk: random.pick(["none", "good", "bad"]),
    registry: random.chance(0.4) ? "bad" : "good",
    faultyMs: random.between(4_000, 9_000),
    meanGapMs: random.pick([600, 1_500]),
    actGapMs: random.pick([500, 1_200]),
    changeGapMs: random.pick([300, 1_000]),
  };
}
