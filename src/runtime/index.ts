/** The door of runtimes: hosts over all their paths, mirrors, fleets. For browsers, React Native, workers and Node alike. */
export type {
  CandidateRecord,
  HostFailure,
  HostMemory,
  HostState,
  RoundTripSample,
  SetAside,
} from "../../gen/moorline/machine/v1/host_pb.ts";
export type { FleetStatus, HostStatus } from "../../gen/moorline/state/v1/fleet_pb.ts";
export {
  type HostCandidate,
  type HostProfile,
  HostProfileSchema,
} from "../../gen/moorline/state/v1/host_profile_pb.ts";
export { HostPhase } from "../../gen/moorline/state/v1/phase_pb.ts";
export { HostErrorReason, HostFailureReason, SetAsideReason } from "../../gen/moorline/state/v1/reason_pb.ts";
export { createHostRuntime } from "./create-host-runtime.ts";
export { type CreationEntry, hasFailed, isShown, type OptimisticCreations } from "./creation/optimistic-creations.ts";
export { type DaemonDescription, type DescribeOptions, describeDaemon } from "./describe-daemon.ts";
export { createHostFleet } from "./fleet/create-host-fleet.ts";
export { type FleetField, type FleetOrder, recentFirst } from "./fleet/fleet-order.ts";
export type {
  FleetAgent,
  FleetHost,
  FleetSnapshot,
  HostFleet,
  HostFleetOptions,
  SetAsideCandidate,
} from "./fleet/host-fleet.ts";
export { type CandidateInit, createHostProfile, type HostProfileInit } from "./host/profile.ts";
export type {
  CreateAgentInit,
  HostLimits,
  HostProbe,
  HostRuntime,
  HostRuntimeOptions,
  HostSnapshot,
} from "./host-runtime.ts";
export * from "./mirror/index.ts";
export {
  createPresentation,
  type PresentationOptions,
  type PresentationSource,
} from "./presentation/create-presentation.ts";
export { presentationOf } from "./presentation/presentation-of.ts";
export type { HostRegistry, RegistryContents } from "./registry/host-registry.ts";
export { createLocalHostRegistry, type LocalRegistryGlobals } from "./registry/local-host-registry.ts";
export { createMemoryHostRegistry } from "./registry/memory-host-registry.ts";
export {
  activeCandidateOf,
  activePathOf,
  candidatesOf,
  generationOf,
  type HasHost,
  type HostProblem,
  hostFailureOf,
  hostPhaseOf,
  isOnItsWay,
  isOnline,
  isReconnecting,
  memoryOf,
  retryAtOf,
} from "./selectors.ts";
