import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";

const KIB = 1024;

/** The end of a channel that somebody is at. */
export type Side = "client" | "server";

/** How somebody reads: at once, a message now and then, or not at all until an instant after the start. */
export type ReadStyle =
  | { readonly kind: "eager" }
  | { readonly kind: "slow"; readonly everyMs: number }
  | { readonly kind: "stalled"; readonly forMs: number };

/** Everything that will happen in one call, as long as nothing goes wrong. */
export interface CallPlan {
  /** Its number in the world; travels in a header. */
  readonly no: number;
  /** Sizes of the caller's messages. */
  readonly requests: readonly number[];
  /** Sizes of the callee's messages, those that fit into the end included. */
  readonly replies: readonly number[];
  /** Whether the first request goes with the open. */
  readonly isFirstWithOpen: boolean;
  /** How the caller's half ends: with its last message, behind it, or not before the world comes to its end. */
  readonly requestsEnd: "last" | "half_close" | "never";
  /** Whether the callee ends once it has sent everything, or waits until the caller's half has ended as well. */
  readonly calleeEnds: "early" | "drained";
  /** The status that the callee ends with. With 0, the last reply goes with the end. */
  readonly code: number;
  /** When the caller gives up. */
  readonly cancelAfterMs: number | undefined;
  /** Whether the callee sends headers. */
  readonly hasHeaders: boolean;
  /** Credit that the open adds. */
  readonly credit: number;
  readonly callerReads: ReadStyle;
  readonly calleeReads: ReadStyle;
}

/** Draws a call. One in some never ends by itself: such calls stay until the world looks at their credit. */
export function drawPlan(random: SimulatedRandom, no: number): CallPlan {
  const shape = random.int(10);
  const isUnary = shape < 4;
  const isLasting = shape === 9;
  const requests = isUnary ? [drawSize(random)] : drawSizes(random, shape === 4 ? 0 : 8);
  const replies = isUnary ? [drawSize(random)] : drawSizes(random, 8);
  return {
    no,
    requests,
    replies,
    isFirstWithOpen: isUnary || random.chance(0.3),
    requestsEnd: isLasting ? "never" : isUnary || random.chance(0.5) ? "last" : "half_close",
    calleeEnds: !isLasting && random.chance(0.3) ? "early" : "drained",
    code: random.chance(0.8) ? 0 : 13,
    cancelAfterMs: random.chance(0.2) ? random.pick([0, 1, 30, 300, 3_000]) : undefined,
    hasHeaders: random.chance(0.3),
    credit: random.chance(0.2) ? random.int(20 * KIB) : 0,
    callerReads: drawStyle(random),
    calleeReads: drawStyle(random),
  };
}

function drawSizes(random: SimulatedRandom, most: number): number[] {
  return Array.from({ length: random.int(most + 1) }, () => drawSize(random));
}

function drawSize(random: SimulatedRandom): number {
  const kind = random.int(20);
  if (kind < 3) return 0;
  if (kind < 14) return random.int(200);
  if (kind < 19) return random.int(6 * KIB);
  return random.int(random.chance(0.2) ? 300 * KIB : 70 * KIB);
}

function drawStyle(random: SimulatedRandom): ReadStyle {
  const kind = random.int(10);
  if (kind < 7) return { kind: "eager" };
  if (kind < 9) return { kind: "slow", everyMs: random.int(300) };
  return { kind: "stalled", forMs: random.int(8_000) };
}
