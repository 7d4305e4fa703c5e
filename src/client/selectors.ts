import type { ConnectionLoss, ConnectionState } from "../../gen/moorline/machine/v1/connection_moorline.ts";
import { connectionPhaseOf } from "../../gen/moorline/machine/v1/connection_moorline.ts";
import { RetryVerdict } from "../../gen/moorline/schema/v1/options_pb.ts";
import type { Resumption, ServerInfo } from "../../gen/moorline/session/v1/packet_pb.ts";
import { ConnectionPhase } from "../../gen/moorline/state/v1/phase_pb.ts";

/** Where the connection is, as an enum. */
export function phaseOf(state: ConnectionState): ConnectionPhase {
  return connectionPhaseOf(state);
}

/** Whether a connection carries the channel now. Spec: INV-6. */
export function isConnected(state: ConnectionState): boolean {
  return phaseOf(state) === ConnectionPhase.CONNECTED;
}

/** Whether the client is done for good. */
export function isDisposed(state: ConnectionState): boolean {
  return phaseOf(state) === ConnectionPhase.DISPOSED;
}

/**
 * Whether a client that has no connection gets to one by itself: it dials, waits to dial again, or asks for a credential.
 * @param redial As in the options of the client. Default true.
 */
export function isOnItsWay({ state }: ConnectionState, redial = true): boolean {
  if (state.case === "connecting") return true;
  if (state.case !== "disconnected" || !redial) return false;
  return state.value.retryAtMs !== undefined || state.value.verdict === RetryVerdict.REFRESH_CREDENTIAL;
}

/** The daemon of the present connection. Undefined where there is none. */
export function serverOf({ state }: ConnectionState): ServerInfo | undefined {
  return state.case === "connected" ? state.value.server : undefined;
}

/** How the present connection got its channel. Undefined where there is none. */
export function resumptionOf({ state }: ConnectionState): Resumption | undefined {
  return state.case === "connected" ? state.value.attachment?.resumption : undefined;
}

/** Why there is no connection. Undefined while there is one, or none was lost. */
export function lossOf({ state }: ConnectionState): ConnectionLoss | undefined {
  return state.case === "disconnected" ? state.value.loss : undefined;
}

/** When the client dials again by itself, on its clock. Undefined where it does not. */
export function retryAtOf({ state }: ConnectionState): number | undefined {
  return state.case === "disconnected" ? state.value.retryAtMs : undefined;
}
