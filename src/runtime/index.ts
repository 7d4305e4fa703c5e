/** The door of runtimes: hosts over all their paths, mirrors, fleets. For browsers, React Native, workers and Node alike. */
export type {
  CandidateRecord,
  HostFailure,
  HostMemory,
  HostState,
  RoundTripSample,
  SetAside,
} from "../../gen/moorline/machine/v1/host_moorline.ts";
export {
  type HostCandidate,
  type HostProfile,
  HostProfileSchema,
} from "../../gen/moorline/state/v1/host_profile_pb.ts";
export { HostPhase } from "../../gen/moorline/state/v1/phase_pb.ts";
export { HostErrorReason, HostFailureReason, SetAsideReason } from "../../gen/moorline/state/v1/reason_pb.ts";
export { createHostRuntime } from "./create-host-runtime.ts";
export * from "./creation/index.ts";
export * from "./fleet/index.ts";
export { type CandidateInit, createHostProfile, type HostProfileInit } from "./host/profile.ts";
export { type HostIntents, intentsOf } from "./host-intents.ts";
export type {
  CreateAgentInit,
  HostLimits,
  HostProbe,
  HostRuntime,
  HostRuntimeOptions,
  HostSnapshot,
} from "./host-runtime.ts";
export * from "./mirror/index.ts";
export * from "./presentation/index.ts";
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
