import type { ProbeEffect, ProbeState } from "../../gen/moorline/machine/v1/probe_moorline.ts";
import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import { ProbeEndReason } from "../../gen/moorline/state/v1/reason_pb.ts";
import { takeStep } from "../core/machine.ts";
import { type LiveProbe, leaveState, type ProbeInput, type ProbeStep } from "./probe-parts.ts";

/** How a probe ends. */
export interface ProbeEnding {
  /** Why. */
  readonly reason: ProbeEndReason;
  /** The code that one side told the other. Default: there was none. */
  readonly code?: CloseCode;
  /** For people. */
  readonly message: string;
  /** When a hello may be said again, in milliseconds. Default: not said. */
  readonly retryAfterMs?: number | undefined;
  /** What happens to the transport: the code of the goodbye, `silently` without one, `over` where it is closed already. */
  readonly transport: CloseCode | "silently" | "over";
}

/** From opening or probed to closed. */
export function endProbe(state: ProbeState, live: LiveProbe, ending: ProbeEnding): ProbeStep {
  const { generation, path } = live;
  const { reason, code = CloseCode.UNSPECIFIED, message, retryAfterMs, transport } = ending;
  const hint = retryAfterMs === undefined ? {} : { retryAfterMs };
  const goodbye = transport === "silently" ? CloseCode.UNSPECIFIED : transport;
  const closeTransport = (told: CloseCode): ProbeEffect => ({
    effect: { case: "closeTransport", value: { code: told, message } },
  });
  return takeStep({ state: { case: "closed", value: { generation, path, reason, code, message, ...hint } } }, [
    ...leaveState(state),
    ...(goodbye === "over" ? [] : [closeTransport(goodbye)]),
  ]);
}

/** How an event ends a probe, whatever its state. Undefined for an event that ends none. Spec: PROBE-8, PROBE-9. */
export function endingOf(event: ProbeInput): ProbeEnding | undefined {
  switch (event.case) {
    case "rejected":
      return { ...event.value, reason: rejectionReasonOf(event.value.code), transport: "silently" };
    case "welcomeRefused":
      return { ...event.value, reason: refusalReasonOf(event.value.code), transport: event.value.code };
    case "credentialFailed":
      return { ...event.value, reason: ProbeEndReason.CREDENTIAL_FAILED, transport: "silently" };
    case "openTimedOut":
      return silence(ProbeEndReason.OPEN_TIMED_OUT, "the transport did not open in time");
    case "answerTimedOut":
      return silence(ProbeEndReason.ANSWER_TIMED_OUT, "the hello was not answered in time");
    case "pongTimedOut":
      return silence(ProbeEndReason.PONG_MISSING, "a ping was not answered in time");
    case "expired":
      return done(ProbeEndReason.EXPIRED, "the probe has lived its time");
    case "closeRequested":
      return done(ProbeEndReason.REQUESTED, "the probe is done");
    case "wentAway":
      return { ...event.value, reason: ProbeEndReason.WENT_AWAY, transport: "silently" };
    case "violated":
      return { ...event.value, reason: ProbeEndReason.VIOLATED, transport: event.value.code };
    case "transportClosed":
      return { ...event.value, reason: ProbeEndReason.TRANSPORT_CLOSED, transport: "over" };
    case "transportFailed":
      return { ...event.value, reason: ProbeEndReason.TRANSPORT_FAILED, transport: "over" };
    default:
      return undefined;
  }
}

function rejectionReasonOf(code: CloseCode): ProbeEndReason {
  if (code === CloseCode.OVERLOADED) return ProbeEndReason.OVERLOADED;
  return code === CloseCode.WRONG_SERVER ? ProbeEndReason.WRONG_SERVER : ProbeEndReason.REJECTED;
}

function refusalReasonOf(code: CloseCode): ProbeEndReason {
  return code === CloseCode.WRONG_SERVER ? ProbeEndReason.WRONG_SERVER : ProbeEndReason.WELCOME_REFUSED;
}

/** A path that does not answer would not carry a goodbye either. */
function silence(reason: ProbeEndReason, message: string): ProbeEnding {
  return { reason, message, transport: "silently" };
}

function done(reason: ProbeEndReason, message: string): ProbeEnding {
  return { reason, message, transport: CloseCode.CONNECTION_DONE };
}
