import type { ConnectionLoss } from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import type { ProbeState_Closed } from "../../../gen/moorline/machine/v1/probe_moorline.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ConnectionLossReason, ProbeEndReason } from "../../../gen/moorline/state/v1/reason_pb.ts";

const REASONS: ReadonlyMap<ProbeEndReason, ConnectionLossReason> = new Map([
  [ProbeEndReason.OPEN_TIMED_OUT, ConnectionLossReason.CONNECT_TIMED_OUT],
  [ProbeEndReason.ANSWER_TIMED_OUT, ConnectionLossReason.HELLO_TIMED_OUT],
  [ProbeEndReason.TRANSPORT_FAILED, ConnectionLossReason.TRANSPORT_FAILED],
  [ProbeEndReason.REJECTED, ConnectionLossReason.REJECTED],
  [ProbeEndReason.OVERLOADED, ConnectionLossReason.REJECTED],
  [ProbeEndReason.WRONG_SERVER, ConnectionLossReason.WELCOME_REFUSED],
  [ProbeEndReason.WELCOME_REFUSED, ConnectionLossReason.WELCOME_REFUSED],
  [ProbeEndReason.WENT_AWAY, ConnectionLossReason.WENT_AWAY],
  [ProbeEndReason.VIOLATED, ConnectionLossReason.VIOLATED],
  [ProbeEndReason.PONG_MISSING, ConnectionLossReason.LIVENESS_LOST],
  [ProbeEndReason.CREDENTIAL_FAILED, ConnectionLossReason.CREDENTIAL_REFRESH_FAILED],
]);

const CODES: ReadonlyMap<ProbeEndReason, CloseCode> = new Map([
  [ProbeEndReason.OVERLOADED, CloseCode.OVERLOADED],
  [ProbeEndReason.WRONG_SERVER, CloseCode.WRONG_SERVER],
]);

/** How a probe ended, in the words of a connection. */
export function probeLossOf({ reason, code, message }: ProbeState_Closed): ConnectionLoss {
  return {
    reason: REASONS.get(reason) ?? ConnectionLossReason.TRANSPORT_CLOSED,
    code: CODES.get(reason) ?? code,
    message,
  };
}
