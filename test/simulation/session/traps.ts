import type { Direction, NetworkMessage, SimulatedLink } from "../../../src/testing/simulated-link.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import type { Scene } from "./scene.ts";

/** How late a hello comes that was held back. */
const LATE_MS = [200, 6_000, 40_000, 100_000];

/**
 * Faults at exact places: a connection is cut just as a message leaves; a hello is held back and comes on a connection that
 * its client has given up; a Welcome is lost. Until `stop`.
 */
export function setTraps(scene: Scene): { stop(): void } {
  const { network, plan } = scene;
  const random = scene.random.fork();
  const greeted = { up: new Set<SimulatedLink>(), down: new Set<SimulatedLink>() };
  network.onMessage = (link, direction, message) => {
    const isFirst = !greeted[direction].has(link);
    greeted[direction].add(link);
    if (isFirst && random.chance(plan.trapChance)) trapFirst(scene, random, link, direction);
    else if (random.chance(plan.cutChance)) scene.clock.defer(() => cut(random, link));
    return message as NetworkMessage;
  };
  return {
    stop() {
      network.onMessage = undefined;
    },
  };
}

function trapFirst({ clock, judge }: Scene, random: SimulatedRandom, link: SimulatedLink, direction: Direction): void {
  // The message is under way only after this turn.
  clock.defer(() => {
    if (direction === "down") {
      judge.facts.count("welcomes lost");
      link.cut({ inFlight: "lost", ...drawTold(random) });
    } else {
      judge.facts.count("hellos held back");
      const lateMs = random.pick(LATE_MS);
      link.delay("up", lateMs);
      link.cut({ clientToldMs: random.chance(0.5) ? 0 : "never", serverToldMs: lateMs + 500, inFlight: "kept" });
    }
  });
}

function cut(random: SimulatedRandom, link: SimulatedLink): void {
  link.cut({ inFlight: random.pick(["kept", "lost", "random"] as const), ...drawTold(random) });
}

function drawTold(random: SimulatedRandom): { clientToldMs: number | "never"; serverToldMs: number | "never" } {
  const draw = (): number | "never" => (random.chance(0.15) ? "never" : random.int(300));
  return { clientToldMs: draw(), serverToldMs: draw() };
}
