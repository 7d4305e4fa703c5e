import { create } from "@bufbuild/protobuf";
import { HostStatus } from "../../../../gen/moorline/state/v1/fleet_pb.ts";
import { HostProfileSchema } from "../../../../gen/moorline/state/v1/host_profile_pb.ts";
import type { FleetAgent } from "../../../../src/runtime/fleet/fleet-agent.ts";
import type { FleetHost, FleetSnapshot, HostFleet } from "../../../../src/runtime/fleet/host-fleet.ts";
import { INITIAL_FLEET } from "../../../../src/runtime/initial-snapshots.ts";
import { ListStore } from "../../runtime/support/list-store.ts";
import type { FakeHost } from "./fake-host.ts";
import { createStore } from "./store.ts";

/** A fleet whose hosts a test sets. */
export interface FakeFleet {
  readonly fleet: HostFleet;
  readonly agents: ListStore<FleetAgent>;
  /** What it was asked for. */
  readonly asked: readonly string[];
  /** It has these hosts from now on. */
  set(...hosts: FakeHost[]): void;
}

/** @param initial The hosts that it begins with. */
export function createFakeFleet(...initial: FakeHost[]): FakeFleet {
  const store = createStore(toSnapshot(initial));
  const agents = new ListStore<FleetAgent>([]);
  const asked: string[] = [];
  const ask = (what: string): never => {
    asked.push(what);
    throw new Error(`a view has asked the fleet to ${what}`);
  };
  const fleet: HostFleet = {
    ...{ getSnapshot: store.getSnapshot, subscribe: store.subscribe, agents },
    start: async () => ask("start"),
    stop: () => ask("stop"),
    add: async () => ask("add"),
    forget: async () => ask("forget"),
    host: (serverId) => store.getSnapshot().hosts.find((each) => each.serverId === serverId)?.runtime,
    setOrder: () => ask("setOrder"),
    retry: () => ask("retry"),
    refresh: () => ask("refresh"),
  };
  return { fleet, agents, asked, set: (...hosts) => store.set(toSnapshot(hosts)) };
}

function toSnapshot(hosts: readonly FakeHost[]): FleetSnapshot {
  return { ...INITIAL_FLEET, hosts: hosts.map(toFleetHost) };
}

function toFleetHost({ host }: FakeHost): FleetHost {
  const label = `Host ${host.serverId.charAt(0)}`;
  const profile = create(HostProfileSchema, { serverId: host.serverId, label });
  return { serverId: host.serverId, label, profile, runtime: host, status: HostStatus.CONNECTING };
}
