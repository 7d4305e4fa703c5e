import type { ProbeState, ProbeState_Closed, RoundTrips } from "../../gen/moorline/machine/v1/probe_moorline.ts";
import { probePhaseOf } from "../../gen/moorline/machine/v1/probe_moorline.ts";
import type { ServerInfo } from "../../gen/moorline/session/v1/packet_pb.ts";
import { ProbePhase } from "../../gen/moorline/state/v1/phase_pb.ts";
import { ProbeEndReason } from "../../gen/moorline/state/v1/reason_pb.ts";

/** Ends that say something bad about the path, and not about the daemon or the hello. */
const PATH_FAULTS: ReadonlySet<ProbeEndReason> = new Set([
  ProbeEndReason.OPEN_TIMED_OUT,
  ProbeEndReason.ANSWER_TIMED_OUT,
  ProbeEndReason.TRANSPORT_FAILED,
  ProbeEndReason.TRANSPORT_CLOSED,
  ProbeEndReason.PONG_MISSING,
]);

/** Where the probe is, as an enum. */
export function phaseOfProbe(state: ProbeState): ProbePhase {
  return probePhaseOf(state);
}

/** Whether the probe is done for good: handed over, or closed. */
export function isProbeOver(state: ProbeState): boolean {
  const phase = probePhaseOf(state);
  return phase === ProbePhase.PROMOTED || phase === ProbePhase.CLOSED;
}

/** The daemon that has welcomed the probe. Undefined where none has, and where the probe is closed. */
export function probedServerOf({ state }: ProbeState): ServerInfo | undefined {
  return state.case === "probed" || state.case === "promoted" ? state.value.server : undefined;
}

/** What the probe has measured. Undefined before its first pong, and where it is closed. */
export function roundTripsOf({ state }: ProbeState): RoundTrips | undefined {
  return state.case === "probed" || state.case === "promoted" ? state.value.roundTrips : undefined;
}

/** How the probe ended. Undefined where it is not closed. */
export function probeEndOf({ state }: ProbeState): ProbeState_Closed | undefined {
  return state.case === "closed" ? state.value : undefined;
}

/**
 * Whether the probe ended because the path does not work. OVERLOADED, a refusal, another daemon, an expiry and a close are
 * no failures of the path. Spec: PROBE-9.
 */
export function hasPathFailed(state: ProbeState): boolean {
  const end = probeEndOf(state);
  return end !== undefined && PATH_FAULTS.has(end.reason);
}
