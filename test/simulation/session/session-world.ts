import { startFaults } from "../../../src/testing/fault-schedule.ts";
import type { Report, World } from "../world.ts";
import { playEnding } from "./ending.ts";
import { createSessionFaults } from "./session-faults.ts";
import { setTraps } from "./traps.ts";
import { Village } from "./village.ts";

/**
 * Real clients and a real server with default limits and timers in a simulated network, with everything that can happen to
 * connections, processes and credentials; then no fault any more, and in the end everybody leaves.
 */
export const sessionWorld: World = {
  name: "session",
  mustHappen: [],
  async run(seed, { eventCount }): Promise<Report> {
    const village = new Village(seed, eventCount);
    const { judge, network } = village.scene;
    try {
      await play(village);
    } catch (error) {
      judge.fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    const facts = judge.facts.toRecord();
    const { broken } = judge;
    return broken === undefined ? { facts } : { facts, failure: { broken, events: network.history } };
  },
};

async function play(village: Village): Promise<void> {
  const { clock, network, random, plan, judge } = village.scene;
  village.startLooking();
  const traps = setTraps(village.scene);
  const kinds = createSessionFaults(village);
  const faults = startFaults({ network, clock, random: random.fork(), kinds, meanGapMs: plan.meanGapMs });
  await village.run(() => false, plan.faultyMs);
  traps.stop();
  faults.stop();
  if (judge.broken === undefined) await playEnding(village);
}
