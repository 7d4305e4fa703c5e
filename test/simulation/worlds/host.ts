import { HostWorld } from "../host/host-world.ts";
import type { Report, World } from "../world.ts";

/**
 * A daemon with several ways to it, which come and go, lie, swallow data and slow down, and the tabs of a user, each with a
 * runtime: probes, switches, sleeps and wishes come in any order. Then no fault any more, and in the end everybody leaves.
 */
export const world: World = {
  name: "host",
  mustHappen: [
    "candidate barred",
    "changes omitted",
    "channel lost CHANNEL_EXPIRED",
    "channel lost CLIENT_STOPPED",
    "channel lost EPOCH_CHANGED",
    "channel resumed",
    "count ok",
    "daemon restarts",
    "flickers",
    "join ok",
    "keyed ok",
    "keyed reused",
    "look ok",
    "mirrors went on from their cursor",
    "nights",
    "probes in their interval",
    "probes promoted",
    "rejected 4102",
    "rejected 4107",
    "say ok",
    "set aside REFUSED",
    "set aside UNKNOWN_KIND",
    "set aside WRONG_SERVER",
    "sleeps survived",
    "snapshot DIVERGED",
    "snapshot EPOCH_CHANGED",
    "snapshot FIRST",
    "stale answers",
    "stopped in booting",
    "stopped in degraded",
    "stopped in interrupted",
    "stopped in online",
    "stopped in selecting",
    "switch failed after acceptance",
    "switch failed before acceptance",
    "switches made",
    "sync error_after_ready",
    "sync ready",
    "sync revalidating",
    "talk ok",
    "to connectingActive",
    "to degraded",
    "to error",
    "to failed",
    "to interrupted",
    "to noConnections",
    "to stopped",
  ],
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
