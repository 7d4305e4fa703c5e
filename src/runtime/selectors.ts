import type { ConnectionLoss } from "../../gen/moorline/machine/v1/connection_moorline.ts";
import type {
  CandidateRecord,
  HostFailure,
  HostMemory,
  HostState,
} from "../../gen/moorline/machine/v1/host_moorline.ts";
import { hostPhaseOf as phaseOf } from "../../gen/moorline/machine/v1/host_moorline.ts";
import type { Path } from "../../gen/moorline/session/v1/packet_pb.ts";
import { HostPhase } from "../../gen/moorline/state/v1/phase_pb.ts";
import type { HostErrorReason } from "../../gen/moorline/state/v1/reason_pb.ts";

/** What selectors look at: a snapshot, or anything else that has the state of a host. */
export interface HasHost {
  /** The state of the host machine. */
  readonly host: HostState;
}

/** Where the host is, as an enum. */
export function hostPhaseOf({ host }: HasHost): HostPhase {
  return phaseOf(host);
}

/** Whether a connection carries the channel, or did a moment ago: a short interruption does not count. Spec: HOST-10. */
export function isOnline(snapshot: HasHost): boolean {
  const phase = hostPhaseOf(snapshot);
  return phase === HostPhase.ONLINE || phase === HostPhase.INTERRUPTED;
}

/** Whether the host has been online before, and is on its way back. */
export function isReconnecting(snapshot: HasHost): boolean {
  return hostPhaseOf(snapshot) === HostPhase.DEGRADED;
}

/** Whether a connection will be there without anybody doing something. False while it is there, and while nobody has started. */
export function isOnItsWay({ host: { state } }: HasHost): boolean {
  switch (state.case) {
    case "booting":
      return state.value.stage.case === "loadingKey";
    case "selecting":
    case "connectingActive":
    case "interrupted":
    case "degraded":
      return true;
    case "error":
      return state.value.retryAtMs !== undefined;
    default:
      return false;
  }
}

/** The path of the active connection, or of the last one while it is replaced. Undefined where there was none. */
export function activePathOf({ host: { state } }: HasHost): Path | undefined {
  if (state.case === "online") return state.value.path;
  return state.case === "interrupted" || state.case === "degraded" ? state.value.last?.path : undefined;
}

/** The candidate of the active connection, or of the last one while it is replaced. Undefined where there was none. */
export function activeCandidateOf({ host: { state } }: HasHost): string | undefined {
  if (state.case === "online") return state.value.candidateId;
  return state.case === "interrupted" || state.case === "degraded" ? state.value.last?.candidateId : undefined;
}

/** The generation of the active connection, or of the last one while it is replaced; 0 where there was none. */
export function generationOf({ host: { state } }: HasHost): number {
  if (state.case === "online") return state.value.generation;
  return (state.case === "interrupted" || state.case === "degraded" ? state.value.last?.generation : undefined) ?? 0;
}

/** When the next race begins by itself, on the clock of the runtime. Undefined where none waits. */
export function retryAtOf({ host: { state } }: HasHost): number | undefined {
  if (state.case === "error") return state.value.retryAtMs;
  if (state.case !== "interrupted" && state.case !== "degraded") return undefined;
  return state.value.effort.case === "pause" ? state.value.effort.value.untilMs : undefined;
}

/** What is wrong with a host. */
export type HostProblem =
  | { readonly kind: "failed"; readonly failure: HostFailure }
  | {
      readonly kind: "error";
      /** What kind of error it is. */
      readonly reason: HostErrorReason;
      /** The candidate that it comes from; empty for none. */
      readonly candidateId: string;
      /** What its connection said. */
      readonly loss: ConnectionLoss | undefined;
      /** When the next race begins by itself. Undefined: somebody has to do something. */
      readonly retryAtMs: number | undefined;
    };

/** Why the host has no connection. Undefined where nothing is wrong, or it is being mended. */
export function hostFailureOf({ host: { state } }: HasHost): HostProblem | undefined {
  if (state.case === "failed") {
    const { failure } = state.value;
    return failure === undefined ? undefined : { kind: "failed", failure };
  }
  if (state.case !== "error") return undefined;
  const { reason, candidateId, loss, retryAtMs } = state.value;
  return { kind: "error", reason, candidateId, loss, retryAtMs };
}

const NO_CANDIDATES: readonly CandidateRecord[] = [];

/** What is known of every candidate: failures, round trips, why it is set aside, until when it is barred. */
export function candidatesOf({ host }: HasHost): readonly CandidateRecord[] {
  return memoryOf({ host })?.candidates ?? NO_CANDIDATES;
}

/** What a host remembers. Undefined before it was started, and after it was stopped. */
export function memoryOf({ host: { state } }: HasHost): HostMemory | undefined {
  return state.value !== undefined && "memory" in state.value ? state.value.memory : undefined;
}
