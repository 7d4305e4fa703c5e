import type { Channel } from "../../../src/channel/channel.ts";
import type { SimulatedClock, SimulatedHost, SimulatedNetwork, SimulatedRandom } from "../../../src/testing/index.ts";
import { channelLimits, type LocalChannelLimits } from "../../../src/wire/limits.ts";
import type { Facts } from "../world.ts";
import type { Side } from "./call-plan.ts";

/** Where the server listens: two paths to the same process. */
export const PATHS: readonly string[] = ["ws://daemon/direct", "ws://daemon/relay"];

/** How long a side waits for a packet until it gives a connection up. */
export const SILENCE_MS = 6_000;

/** What the client and the server of a world work with. */
export interface Surroundings {
  readonly clock: SimulatedClock;
  readonly network: SimulatedNetwork;
  readonly random: SimulatedRandom;
  readonly facts: Facts;
  /** The limits of each side. */
  readonly limits: Readonly<Record<Side, LocalChannelLimits>>;
  /** A channel was made: somebody makes and serves calls on it. */
  channelMade(channel: Channel, host: SimulatedHost): void;
}

const KIB = 1024;

/** Limits of one side: mostly tight, so that they are reached. */
export function drawLimits(random: SimulatedRandom): LocalChannelLimits {
  return {
    ...channelLimits,
    initialCreditBytes: random.pick([1, 4, 64, 256]) * KIB,
    maxOutboxBytes: random.pick([64, 100, 300, 4096]) * KIB,
    maxMessageBytes: 512 * KIB,
    maxCalls: random.pick([2, 8, 256]),
    maxCreditBytes: random.pick([16, 1024]) * KIB,
    maxCreditGrowthBytes: random.pick([0, 32, 8192]) * KIB,
  };
}
