import type { ServerLimitOptions } from "../../../src/server/server-limits.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";

/** What kind of world a seed makes. */
export interface HostPlan {
  /** Runtimes that share a session key, as tabs do. */
  readonly tabs: number;
  /** Ways to the daemon. */
  readonly ways: number;
  /** Whether one of the ways is this machine itself. */
  readonly hasLoopback: boolean;
  /** Whether profiles have a candidate of a kind that this version does not know. */
  readonly hasNewerKind: boolean;
  /** How long faults happen, in milliseconds. */
  readonly faultyMs: number;
  /** The mean time between two faults. */
  readonly meanGapMs: number;
  /** The mean time between two things that a tab does. */
  readonly actGapMs: number;
  /** The mean time between two changes at the daemon. */
  readonly changeGapMs: number;
  /** Ids that agents may have. */
  readonly agents: number;
  /** Whether credentials are needed, and expire. */
  readonly credentials: "none" | "expiring";
  /** How long a credential is good when nothing goes wrong any more, in milliseconds. */
  readonly calmCredentialMs: number;
  /** Agents with a timeline. */
  readonly timelines: number;
  /** Whether mirrors are kept on a disk, and how well. */
  readonly disk: "none" | "good" | "bad";
  /** Whether the daemon takes so few probes that it is OVERLOADED by them now and then. */
  readonly probes: "many" | "few";
  /** The interval of probes, in milliseconds. */
  readonly probeIntervalMs: number;
  /** How long the tabs sleep in the middle; 0 for not at all. Longer than bars last, and channels are kept. */
  readonly nightMs: number;
  /** Whether the session key comes late, and not always. */
  readonly keys: "atOnce" | "late";
}

const HOUR_MS = 3_600_000;

/** Draws a plan. */
export function drawHostPlan(random: SimulatedRandom): HostPlan {
  return {
    tabs: random.chance(0.2) ? 2 : 1,
    ways: random.pick([1, 2, 2, 3, 3, 4]),
    hasLoopback: random.chance(0.15),
    hasNewerKind: random.chance(0.2),
    faultyMs: random.between(8_000, 20_000),
    meanGapMs: random.pick([800, 1_500, 3_000]),
    actGapMs: random.pick([800, 1_800]),
    changeGapMs: random.pick([700, 2_000]),
    agents: random.pick([0, 3, 12]),
    credentials: random.chance(0.3) ? "expiring" : "none",
    calmCredentialMs: random.pick([Number.POSITIVE_INFINITY, 18_000]),
    timelines: random.pick([0, 0, 1, 2]),
    disk: random.pick(["none", "good", "bad"]),
    probes: random.chance(0.15) ? "few" : "many",
    probeIntervalMs: random.pick([700, 2_000, 2_000, 2_000, 4_000, 4_000, 10_000, 10_000]),
    nightMs: random.chance(0.12) ? HOUR_MS * random.between(0.3, 3) : 0,
    keys: random.chance(0.2) ? "late" : "atOnce",
  };
}

/** What the server has instead of its defaults. */
export function serverLimitsOf({ probes }: HostPlan): ServerLimitOptions {
  return probes === "few" ? { probe: { maxOpen: 1, maxPerMinute: 6 } } : {};
}
