import type { Timer } from "../core/clock.ts";
import type { SimulatedClock } from "./simulated-clock.ts";
import type { SimulatedHost } from "./simulated-host.ts";
import type { Direction, SimulatedLink } from "./simulated-link.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";
import type { SimulatedRandom } from "./simulated-random.ts";

/** What a fault can work on. */
export interface FaultScene {
  /** The network. */
  readonly network: SimulatedNetwork;
  /** The time of the world. */
  readonly clock: SimulatedClock;
  /** The chance of the schedule. */
  readonly random: SimulatedRandom;
}

/** Something that goes wrong. It may do nothing where there is nothing to break. */
export type Fault = (scene: FaultScene) => void;

/** Options of {@link startFaults}. */
export interface FaultScheduleOptions extends FaultScene {
  /** What may happen, each as probable as the others. Default: {@link faults}, all of them. */
  readonly kinds?: Readonly<Record<string, Fault>>;
  /** The mean time between two faults. Default: 500 ms. */
  readonly meanGapMs?: number;
}

const MEAN_GAP_MS = 500;

/** The faults of the network itself. A world adds its own, such as the restart of its server. */
export const faults: Readonly<Record<string, Fault>> = {
  cut: onLink((link) => link.cut()),
  cutAndToldLate: onLink((link, random) => {
    link.cut({ clientToldMs: anyTime(random, 20_000), serverToldMs: anyTime(random, 20_000) });
  }),
  cutAndNeverTold: onLink((link) => link.cut({ clientToldMs: "never", serverToldMs: "never" })),
  halfOpen: onLink((link, random) => link.drop(anyDirection(random))),
  stall: onLink((link, random) => link.stall(anyDirection(random), anyTime(random, 12_000))),
  delay: onLink((link, random) => link.delay(anyDirection(random), anyTime(random, 2_000))),
  lateDelivery: onLink((link, random) => {
    const heldMs = anyTime(random, 30_000);
    link.delay("up", heldMs);
    link.cut({ clientToldMs: 0, serverToldMs: heldMs + anyTime(random, 5_000), inFlight: "kept" });
  }),
  sleepClient: onLink((link, random) => link.client.sleep(anyTime(random, random.chance(0.2) ? 60_000 : 3_000))),
  jumpWall: onLink((link, random) => anyHost(link, random).jumpWall(random.between(-86_400_000, 86_400_000))),
  refuseDials: onEndpoint("refuse"),
  hangDials: onEndpoint("hang"),
};

/** Lets faults happen by chance, until `stop`, which also ends those that can end. */
export function startFaults(options: FaultScheduleOptions): { stop(): void } {
  const { network, clock, random } = options;
  const kinds = Object.entries(options.kinds ?? faults);
  let timer: Timer;
  const plan = (): void => {
    timer = clock.setTimer(2 * (options.meanGapMs ?? MEAN_GAP_MS) * random.unit(), strike);
  };
  const strike = (): void => {
    const [name, fault] = random.pick(kinds);
    network.note(`fault: ${name}`);
    fault(options);
    plan();
  };
  plan();
  return {
    stop() {
      timer.cancel();
      network.heal();
    },
  };
}

function onLink(strike: (link: SimulatedLink, random: SimulatedRandom) => void): Fault {
  return ({ network, random }) => {
    const { links } = network;
    if (links.length > 0) strike(random.pick(links), random);
  };
}

function onEndpoint(answer: "refuse" | "hang"): Fault {
  return ({ network, clock, random }) => {
    const { endpoints } = network;
    if (endpoints.length === 0) return;
    const endpoint = random.pick(endpoints);
    network.setDialing(endpoint, answer);
    clock.setTimer(anyTime(random, 15_000), () => network.setDialing(endpoint, "normal"));
  };
}

/** From 10 ms to `maxMs`, each order of magnitude as probable as the others. */
function anyTime(random: SimulatedRandom, maxMs: number): number {
  return 10 * (maxMs / 10) ** random.unit();
}

function anyDirection(random: SimulatedRandom): Direction {
  return random.chance(0.5) ? "up" : "down";
}

function anyHost(link: SimulatedLink, random: SimulatedRandom): SimulatedHost {
  return link.server !== undefined && random.chance(0.5) ? link.server : link.client;
}
