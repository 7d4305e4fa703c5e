import type { MoorlineError } from "../../wire/moorline-error.ts";
import { fleetStatusOf } from "./fleet-status.ts";
import type { FleetSnapshot } from "./host-fleet.ts";
import type { ShownHost } from "./host-slot.ts";

/** Makes a snapshot of what there is to show, from the one before as far as that is still so. */
export type SnapshotKeeper = (shown: readonly ShownHost[], faults: readonly MoorlineError[]) => FleetSnapshot;

/** Makes a {@link SnapshotKeeper}. */
export function createSnapshotKeeper(): SnapshotKeeper {
  let last: FleetSnapshot = { status: fleetStatusOf([]), hosts: [], setAside: [], faults: [] };
  return (shown, faults) => {
    const hosts = keepList(
      last.hosts,
      shown.map(({ host }) => host),
    );
    const setAside = keepList(
      last.setAside,
      shown.flatMap((one) => one.setAside),
    );
    if (hosts === last.hosts && setAside === last.setAside && faults === last.faults) return last;
    const status = fleetStatusOf(hosts.map((host) => host.status));
    last = { status, hosts, setAside, faults };
    return last;
  };
}

/** The list before, where it has the very same parts. */
function keepList<T>(before: readonly T[], now: readonly T[]): readonly T[] {
  return now.length === before.length && now.every((part, i) => part === before[i]) ? before : now;
}
