import type {
  ConnectionEvent_ConnectTimedOut,
  ConnectionEvent_LivenessLost,
  ConnectionEvent_Rejected,
  ConnectionEvent_WentAway,
  RetryHint,
} from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ConnectionLossReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import type { Ending } from "./disconnect.ts";
import type { ConnectionInput } from "./shapes.ts";

/** What an event says about the end of a connection; what is remembered of it depends on the state. */
export type EndingFacts = Omit<Ending, "retry">;

/** How an event ends a connection, or an attempt to make one. Undefined for an event that ends none. */
export function endingOf(event: ConnectionInput): EndingFacts | undefined {
  switch (event.case) {
    case "connectTimedOut":
      return timeoutEnding(
        event.value,
        ConnectionLossReason.CONNECT_TIMED_OUT,
        event.value.message || "the transport did not open in time",
      );
    case "helloTimedOut":
      return timeoutEnding(event.value, ConnectionLossReason.HELLO_TIMED_OUT, "the hello was not answered in time");
    case "transportFailed":
      return { ...peerEnding(event.value, ConnectionLossReason.TRANSPORT_FAILED), transport: "over" };
    case "transportClosed":
      return { ...peerEnding(event.value, ConnectionLossReason.TRANSPORT_CLOSED), transport: "over" };
    case "rejected":
      return { ...peerEnding(event.value, ConnectionLossReason.REJECTED), hint: rejectionHint(event.value) };
    case "wentAway":
      return wentAwayEnding(event.value);
    case "superseded": {
      const told = { ...event.value, code: CloseCode.SUPERSEDED, unitRandom: 0 };
      return peerEnding(told, ConnectionLossReason.SUPERSEDED);
    }
    case "welcomeRefused":
      return { ...peerEnding(event.value, ConnectionLossReason.WELCOME_REFUSED), transport: event.value.code };
    case "violated":
      return { ...peerEnding(event.value, ConnectionLossReason.VIOLATED), transport: event.value.code };
    case "livenessLost":
      return livenessEnding(event.value);
    default:
      return undefined;
  }
}

function wentAwayEnding(event: ConnectionEvent_WentAway): EndingFacts {
  const { hint, channelLoss } = event;
  return { ...peerEnding(event, ConnectionLossReason.WENT_AWAY), hint, channelLoss };
}

interface PeerEvent {
  readonly nowMs: number;
  readonly unitRandom: number;
  readonly code?: CloseCode;
  readonly message: string;
}

function peerEnding(event: PeerEvent, reason: ConnectionLossReason): EndingFacts {
  const { code = CloseCode.UNSPECIFIED, message, nowMs, unitRandom } = event;
  return { loss: { reason, code, message }, nowMs, unitRandom, transport: "silently" };
}

/** Nothing came in time: the transport is closed, and the server told that the channel goes on where it listens. */
function timeoutEnding(
  { nowMs, unitRandom }: Pick<ConnectionEvent_ConnectTimedOut, "nowMs" | "unitRandom">,
  reason: ConnectionLossReason,
  message: string,
): EndingFacts {
  const isOpen = reason === ConnectionLossReason.HELLO_TIMED_OUT;
  const loss = { reason, code: CloseCode.UNSPECIFIED, message };
  return { loss, nowMs, unitRandom, transport: isOpen ? CloseCode.CONNECTION_DONE : "silently" };
}

function livenessEnding({ nowMs, unitRandom }: ConnectionEvent_LivenessLost): EndingFacts {
  const code = CloseCode.PONG_MISSING;
  const loss = { reason: ConnectionLossReason.LIVENESS_LOST, code, message: "nothing came for too long" };
  return { loss, nowMs, unitRandom, transport: code };
}

function rejectionHint({
  retryAfterMs,
}: ConnectionEvent_Rejected): Pick<RetryHint, "afterMs" | "jitterMs"> | undefined {
  return retryAfterMs === undefined || retryAfterMs === 0 ? undefined : { afterMs: retryAfterMs, jitterMs: 0 };
}
