import type { ClientLimits } from "../../../src/client/client-options.ts";
import type { ServerLimitOptions } from "../../../src/server/server-limits.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import { type JournalLimits, journalLimits } from "../../../src/wire/limits.ts";

/** What kind of world a seed makes. */
export interface SessionPlan {
  /** Session keys; programs of the same key are tabs. */
  readonly keys: number;
  /** Programs at the start. */
  readonly programs: number;
  /** How long faults happen, in milliseconds. */
  readonly faultyMs: number;
  /** The mean time between two faults. */
  readonly meanGapMs: number;
  /** The mean time between two things that a program does. */
  readonly actGapMs: number;
  /** The chance that a connection is cut just as a message leaves. */
  readonly cutChance: number;
  /** The chance that a hello is held back, and that a Welcome is lost. */
  readonly trapChance: number;
  readonly bytesPerMs: number;
  readonly latencyMs: number;
  /** Whether credentials are needed, and expire. */
  readonly credentials: "none" | "expiring";
  /** Whether the credential hook, and the store, answer at once. */
  readonly answers: "atOnce" | "late";
  /** The limits of both sides: the defaults, or so narrow that channels are evicted and credit is short. */
  readonly limits: "default" | "narrow";
  /** The limits of the journal: the defaults, or so narrow that it is full, and that keys get old. */
  readonly journal: "default" | "narrow";
  /** Whether a client may be away for so long that its channel expires. */
  readonly hasAbsences: boolean;
  /** Whether the world ends with a week in which nobody comes. */
  readonly hasIdleWeek: boolean;
}

const NARROW_CREDIT_BYTES = 32 * 1024;

/** Programs that run at once, at most. */
export function maxProgramsOf({ limits }: SessionPlan): number {
  return limits === "default" ? 6 : 3;
}

/** What the server has instead of its defaults. There is room for every program that runs, but not for many that ran. */
export function serverLimitsOf(plan: SessionPlan): ServerLimitOptions {
  const journal = journalLimitsOf(plan);
  if (plan.limits === "default") return { journal };
  return {
    journal,
    session: { maxChannels: 4, maxReplayBytes: 300_000 },
    channel: { initialCreditBytes: NARROW_CREDIT_BYTES },
  };
}

/** What the journal of a session has room for. */
export function journalLimitsOf({ journal }: SessionPlan): JournalLimits {
  if (journal === "default") return journalLimits;
  return { keepMs: 12_000, maxKeys: 8, maxBytes: 40_000, maxOutcomeBytes: 8_192 };
}

/** What clients have instead of their defaults. */
export function clientLimitsOf({ limits }: SessionPlan): Partial<ClientLimits> {
  return limits === "default" ? {} : { initialCreditBytes: NARROW_CREDIT_BYTES };
}

/** Draws a world. */
export function drawSessionPlan(random: SimulatedRandom): SessionPlan {
  return {
    keys: random.chance(0.7) ? 1 : 2,
    programs: 1 + random.int(3),
    faultyMs: random.pick([4_000, 10_000, 25_000]),
    meanGapMs: random.pick([300, 1_000, 3_000]),
    actGapMs: random.pick([250, 600, 1_500]),
    cutChance: random.pick([0, 0.002, 0.01]),
    trapChance: random.pick([0, 0.1, 0.25]),
    bytesPerMs: random.pick([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 500, 60]),
    latencyMs: random.pick([1, 10, 10, 120]),
    credentials: random.chance(0.35) ? "expiring" : "none",
    answers: random.chance(0.3) ? "late" : "atOnce",
    limits: random.chance(0.12) ? "narrow" : "default",
    journal: random.chance(0.4) ? "narrow" : "default",
    hasAbsences: random.chance(0.1),
    hasIdleWeek: random.chance(0.1),
  };
}
