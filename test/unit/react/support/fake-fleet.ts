import type { FleetHost, FleetSnapshot, HostFleet } from "../../../../src/runtime/fleet/host-fleet.ts";
import { INITIAL_FLEET } from "../../../../src/runtime/initial-snapshots.ts";
import type { FakeHost } from "./fake-host.ts";
import { createStore } from "./store.ts";

/** A fleet whose hosts a test sets. */
export interface FakeFleet {
  readonly fleet: HostFleet;
  /** It has these hosts from now on. */
  set(...hosts: FakeHost[]): void;
}

/** @param initial The hosts that it begins with. */
export function createFakeFleet(...initial: FakeHost[]): FakeFleet {
  const store = createStore(toSnapshot(initial));
  const fleet = { ...store, agents: createStore([]) };
  return { fleet, set: (...hosts) => store.set(toSnapshot(hosts)) };
}

function toSnapshot(hosts: readonly FakeHost[]): FleetSnapshot {
  return { ...INITIAL_FLEET, hosts: hosts.map(toFleetHost) };
}

function toFleetHost({ host }: FakeHost): FleetHost {
  return { serverId: host.serverId, label: `Host ${host.serverId.charAt(0)}`, runtime: host, status: 1 };
}
