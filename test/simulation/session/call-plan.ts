import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";

const KIB = 1024;

/** The methods of the echo service: unary, unary and repeatable, stream down, stream up, both. */
export type CallKind = "say" | "look" | "count" | "join" | "talk";

/** Everything that will happen in one call, as long as nothing goes wrong. */
export interface CallPlan {
  readonly kind: CallKind;
  /** Messages of each half that streams. Infinite: until the caller leaves. */
  readonly messages: number;
  /** The size of each message. */
  readonly bytes: number;
  /** How long whoever produces messages waits between two of them, and a handler with its answer. `never`: for good. */
  readonly producerGapMs: number | "never";
  /** How long whoever reads messages waits between two of them. */
  readonly readerGapMs: number;
  /** After its first message the reader reads nothing for so long. */
  readonly stallMs: number;
  /** Whether the handler fails in the end. */
  readonly isFailing: boolean;
  /** When the caller cancels. */
  readonly cancelAfterMs: number | undefined;
  /** After how many messages the caller stops reading. */
  readonly breakAfter: number | undefined;
  /** The deadline. Undefined: that of the client. */
  readonly timeoutMs: number | undefined;
  /** Whether the call waits for a connection. */
  readonly waitsForReady: boolean;
  /** Whether the handler makes a call of its own, back to its caller. */
  readonly callsBack: boolean;
}

/** A call of which nothing special is to be expected. */
export const plainCall: CallPlan = {
  kind: "say",
  messages: 1,
  bytes: 10,
  producerGapMs: 0,
  readerGapMs: 0,
  stallMs: 0,
  isFailing: false,
  cancelAfterMs: undefined,
  breakAfter: undefined,
  timeoutMs: 90_000,
  waitsForReady: true,
  callsBack: false,
};

/** Draws a call. */
export function drawCallPlan(random: SimulatedRandom): CallPlan {
  const kind = random.pick<CallKind>(["say", "say", "look", "count", "count", "join", "talk", "talk"]);
  const isUnary = kind === "say" || kind === "look";
  const bytes = drawBytes(random);
  const isEndless = kind === "count" && random.chance(0.15);
  const leaves = isEndless || random.chance(0.12);
  return {
    kind,
    messages: isUnary ? 1 : isEndless ? Number.POSITIVE_INFINITY : 1 + random.int(bytes > 20 * KIB ? 6 : 30),
    bytes: isEndless ? random.int(200) : bytes,
    producerGapMs: drawGap(random, isUnary, isEndless),
    readerGapMs: random.chance(0.25) ? random.int(700) : 0,
    stallMs: random.chance(0.05) ? random.int(40_000) : 0,
    isFailing: random.chance(0.1),
    cancelAfterMs: leaves ? random.pick([0, 1, 30, 300, 3_000, 12_000]) : undefined,
    breakAfter: !isUnary && random.chance(0.06) ? 1 + random.int(5) : undefined,
    timeoutMs: random.chance(0.12) ? random.pick([20, 200, 2_000, 20_000]) : undefined,
    waitsForReady: random.chance(0.93),
    callsBack: random.chance(0.12),
  };
}

function drawBytes(random: SimulatedRandom): number {
  const kind = random.int(40);
  if (kind < 3) return 0;
  if (kind < 32) return random.int(200);
  if (kind < 38) return random.int(6 * KIB);
  return random.int(kind < 39 ? 90 * KIB : 400 * KIB);
}

function drawGap(random: SimulatedRandom, isUnary: boolean, isEndless: boolean): CallPlan["producerGapMs"] {
  if (isUnary && random.chance(0.04)) return "never";
  if (isEndless) return 50 + random.int(800);
  return random.chance(0.4) ? random.int(isUnary ? 4_000 : 500) : 0;
}
