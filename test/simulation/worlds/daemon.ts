import { DaemonWorld } from "../daemon/daemon-world.ts";
import { playWorld, type Report, type World, type WorldOptions } from "../world.ts";

/**
 * A directory of agents that changes all the time and a daemon that is started again now and then, followed over channels
 * that are cut and lost by readers that are slow, stalled and change their minds. All of them come to show what is true.
 */
export const world: World = {
  name: "daemon",
  mustHappen: [
    "changes",
    "channels lost by the server",
    "marks",
    "marks with digest",
    "resumed",
    "server restarts",
    "snapshot CURSOR_EXPIRED",
    "snapshot DIVERGED",
    "snapshot EPOCH_CHANGED",
    "snapshot FILTER_CHANGED",
    "snapshot FIRST",
    "snapshots begun anew",
    "watches lost",
    "wish goOn",
  ],
  run(seed: number, { eventCount }: WorldOptions): Report {
    return playWorld(new DaemonWorld(seed, eventCount));
  },
};
