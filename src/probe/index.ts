/** The door of probes: connections that measure a path. For browsers, workers and Node alike. */
export type { ProbeState, RoundTrips } from "../../gen/moorline/machine/v1/probe_moorline.ts";
export { ProbePhase } from "../../gen/moorline/state/v1/phase_pb.ts";
export { ProbeEndReason } from "../../gen/moorline/state/v1/reason_pb.ts";
export { createProbe, type Probe } from "../client/probe.ts";
export type { ProbeOptions, ProbeTimeouts } from "../client/probe-options.ts";
export {
  hasPathFailed,
  isProbeOver,
  phaseOfProbe,
  probedServerOf,
  probeEndOf,
  roundTripsOf,
} from "../client/probe-selectors.ts";
