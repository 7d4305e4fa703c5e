import { FleetWorld } from "../fleet/fleet-world.ts";
import { playWatched, type Report, type World } from "../world.ts";

/**
 * Several daemons, and programs of one user that each hold a fleet of hosts: hosts are added, merged and forgotten whatever
 * they do, addresses lead to other daemons, registry and disk fail, programs are killed and begin again with what was kept.
 */
export const world: World = {
  name: "fleet",
  mustHappen: [
    "add STORAGE_FAILED",
    "add STORAGE_FULL",
    "add elsewhere ok",
    "add ok",
    "apps killed",
    "daemon restarts",
    "forget STORAGE_FAILED",
    "forget ok",
    "forgotten again",
    "forgotten in error",
    "forgotten in interrupted",
    "forgotten in online",
    "forgotten in selecting",
    "mirrors damaged",
    "mirrors restored",
    "other orders",
    "profiles merged",
    "registry full: write",
    "registry late: read",
    "registry throwing: read",
    "saves forestalled",
    "set aside WRONG_SERVER",
    "snapshot DIVERGED",
    "snapshot EPOCH_CHANGED",
    "start ok",
  ],
  run(seed, { eventCount }): Promise<Report> {
    return playWatched(new FleetWorld(seed, eventCount));
  },
};
