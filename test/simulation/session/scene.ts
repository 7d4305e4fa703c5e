import type { SimulatedClock } from "../../../src/testing/simulated-clock.ts";
import type { SimulatedNetwork } from "../../../src/testing/simulated-network.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import type { ChannelBook } from "./channel-book.ts";
import type { Credentials } from "./credentials.ts";
import type { HelloBook } from "./hello-book.ts";
import type { Judge } from "./judge.ts";
import type { KeyedBook } from "./keyed-book.ts";
import type { Ledger } from "./ledger.ts";
import type { SessionPlan } from "./session-plan.ts";

/** What everybody in a world shares. */
export interface Scene {
  readonly plan: SessionPlan;
  readonly clock: SimulatedClock;
  readonly random: SimulatedRandom;
  readonly network: SimulatedNetwork;
  readonly judge: Judge;
  readonly ledger: Ledger;
  readonly keyed: KeyedBook;
  readonly channels: ChannelBook;
  readonly hellos: HelloBook;
  readonly credentials: Credentials;
  /** Whether a living program holds a channel. */
  isHeld(channelId: string): boolean;
  /** The hash of each session key, by its session ref. */
  readonly hashes: Map<string, string>;
  /** Session refs whose end somebody has asked for. */
  readonly endedRefs: Set<string>;
}
