import type { SimulatedNetwork } from "../../../src/testing/simulated-network.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import type { HostPlan } from "./host-plan.ts";

/**
 * What meets somebody who comes on a way: the daemon; a refusal; silence before the connection is open, or after the hello;
 * or another daemon than the one that was looked for.
 */
export type WayMood = "open" | "refusing" | "hanging" | "mute" | "lying";

/** What a way does to data: all of it passes, or only small packets do. */
export type WayWidth = "wide" | "narrow";

/** One way to the daemon. */
export interface Way {
  readonly endpoint: string;
  mood: WayMood;
  width: WayWidth;
}

const MOODS = ["open", "open", "open", "refusing", "hanging", "mute", "lying"] as const;
/** The largest message that passes where only small ones do. */
const NARROW_BYTES = 1_100;
/** What a way that is well has: less than that needs no probes. */
const LATENCIES_MS = [1, 8, 15, 40, 80, 150];

/** The ways to the daemon. A packet that does not pass holds up all that comes after it, as in a real stream. */
export class Ways {
  readonly all: readonly Way[];
  private readonly network: SimulatedNetwork;
  private readonly random: SimulatedRandom;

  constructor(network: SimulatedNetwork, random: SimulatedRandom, plan: HostPlan) {
    this.network = network;
    this.random = random;
    this.all = Array.from({ length: plan.ways }, (_, index) => {
      const isLoopback = plan.hasLoopback && index === plan.ways - 1;
      return {
        endpoint: isLoopback ? "ws://127.0.0.1:7001/" : `wss://way-${index}.example/`,
        mood: "open",
        width: "wide",
      };
    });
    for (const way of this.all) this.changeSpeed(way);
    if (random.chance(0.4)) this.changeMood(random.pick(this.all));
    network.onMessage = (link, direction, message) => {
      if (this.find(link.endpoint)?.width === "narrow" && message.length > NARROW_BYTES) link.drop(direction);
      return message;
    };
  }

  /** The way of an address. */
  find(endpoint: string): Way | undefined {
    return this.all.find((way) => way.endpoint === endpoint);
  }

  /** A way meets people otherwise from now on. */
  changeMood(way: Way, mood: WayMood = this.random.pick(MOODS)): void {
    this.network.note(`${way.endpoint} is ${mood}`);
    way.mood = mood;
    const dialing = mood === "refusing" ? "refuse" : mood === "hanging" ? "hang" : "normal";
    this.network.setDialing(way.endpoint, dialing);
  }

  /** From now on only small packets pass, or all do again. What a connection has lost stays lost. */
  changeWidth(way: Way, width: WayWidth): void {
    this.network.note(`${way.endpoint} is ${width}`);
    way.width = width;
  }

  /** A way is faster or slower from now on. */
  changeSpeed(way: Way): void {
    const latencyMs = this.random.pick(LATENCIES_MS);
    this.network.setSpeed(way.endpoint, { latencyMs, jitterMs: latencyMs / 10 });
  }

  /** Every way is well. */
  heal(): void {
    for (const way of this.all) {
      this.changeMood(way, "open");
      this.changeWidth(way, "wide");
    }
  }
}
