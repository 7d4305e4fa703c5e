/** The part of the runtime's door that is about many hosts, and where they are kept. */
export { FleetStatus, HostStatus } from "../../../gen/moorline/state/v1/fleet_pb.ts";
export { type DaemonDescription, type DescribeOptions, describeDaemon } from "../describe-daemon.ts";
export { createHostRegistry, type RegistryPlace } from "../registry/create-host-registry.ts";
export { type HostRegistry, MAX_HOSTS, type RegistryContents } from "../registry/host-registry.ts";
export { createLocalHostRegistry, type LocalRegistryGlobals } from "../registry/local-host-registry.ts";
export { createMemoryHostRegistry } from "../registry/memory-host-registry.ts";
export { createHostFleet } from "./create-host-fleet.ts";
export type { FleetAgent, FleetAgentId } from "./fleet-agent.ts";
export { type FleetField, type FleetOrder, recentFirst } from "./fleet-order.ts";
export { fleetStatusOf, hostStatusOf } from "./fleet-status.ts";
export type { FleetHost, FleetSnapshot, HostFleet, HostFleetOptions, SetAsideCandidate } from "./host-fleet.ts";
