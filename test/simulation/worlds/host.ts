import { HostWorld } from "../host/host-world.ts";
import type { Report, World } from "../world.ts";

/**
 * A daemon with several ways to it, which come and go, lie, swallow data and slow down, and the tabs of a user, each with a
 * runtime: probes, switches, sleeps and wishes come in any order. Then no fault any more, and in the end everybody leaves.
 */
export const world: World = {
  name: "host",
  mustHappen: [],
  async run(seed, { eventCount }): Promise<Report> {
    const played = new HostWorld(seed, eventCount);
    const { judge, network } = played.scene;
    try {
      await played.play();
    } catch (error) {
      judge.fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    const facts = judge.facts.toRecord();
    const { broken } = judge;
    return broken === undefined ? { facts } : { facts, failure: { broken, events: network.history } };
  },
};
