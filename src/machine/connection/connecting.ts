import type {
  ConnectionEvent_TransportOpened,
  ConnectionEvent_Welcomed,
  ConnectionState,
  ConnectionState_Connecting,
} from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import { ConnectionTimer } from "../../../gen/moorline/machine/v1/connection_pb.ts";
import { ignoreEvent, takeStep } from "../../core/machine.ts";
import { disconnect } from "./disconnect.ts";
import { dispose } from "./dispose.ts";
import { endingOf } from "./ending.ts";
import { leaveState, startTimer } from "./leave.ts";
import { rememberFailure } from "./retry.ts";
import type { ConnectionConfig, ConnectionInput, ConnectionStep } from "./shapes.ts";

/** The rows of the state connecting. Spec: CONN-2 to CONN-7. */
export function transitionConnecting(
  state: ConnectionState,
  connecting: ConnectionState_Connecting,
  event: ConnectionInput,
  config: ConnectionConfig,
): ConnectionStep {
  const isGreeting = connecting.stage.case === "greeting";
  if (event.case === "disposed") return dispose(state, event.value);
  if (event.case === "transportOpened") {
    return isGreeting ? ignoreEvent(state) : greet(state, connecting, event.value, config);
  }
  if (event.case === "welcomed") return isGreeting ? welcome(state, connecting, event.value) : ignoreEvent(state);
  const ending = canEnd(event, isGreeting) ? endingOf(event) : undefined;
  if (ending === undefined) return ignoreEvent(state);
  const retry = rememberFailure(connecting.retry, ending.nowMs);
  return disconnect(state, connecting, { ...ending, retry }, config);
}

function greet(
  state: ConnectionState,
  connecting: ConnectionState_Connecting,
  { attempt, nowMs }: ConnectionEvent_TransportOpened,
  config: ConnectionConfig,
): ConnectionStep {
  const { generation, path, retry } = connecting;
  const deadlineAtMs = nowMs + config.helloTimeoutMs;
  const stage = { case: "greeting", value: { attempt } } as const;
  const value = { generation, path, deadlineAtMs, stage, ...(retry === undefined ? {} : { retry }) };
  return takeStep({ state: { case: "connecting", value } }, [
    ...leaveState(state),
    startTimer(ConnectionTimer.HELLO, generation, deadlineAtMs),
    { effect: { case: "sendHello", value: { generation, attempt } } },
  ]);
}

function welcome(
  state: ConnectionState,
  connecting: ConnectionState_Connecting,
  welcomed: ConnectionEvent_Welcomed,
): ConnectionStep {
  const { generation, path, retry } = connecting;
  const { nowMs, server, sessionRef, attachment, hint, silenceMs, credentialExpiresInMs } = welcomed;
  const attempt = connecting.stage.case === "greeting" ? connecting.stage.value.attempt : 0;
  const liveness = { case: "alive", value: {} } as const;
  const facts = { generation, path, attempt, server, sessionRef, attachment, hint, silenceMs };
  const expiry = credentialExpiresInMs === undefined ? {} : { credentialExpiresAtMs: nowMs + credentialExpiresInMs };
  const value = { ...facts, ...expiry, sinceMs: nowMs, liveness, retry };
  return takeStep({ state: { case: "connected", value } }, [
    ...leaveState(state),
    { effect: { case: "attachChannel", value: { generation, attempt, attachment } } },
    startTimer(ConnectionTimer.SILENCE, generation, nowMs + silenceMs),
  ]);
}

/** Whether an event can end the attempt at its present stage: what answers a hello needs one, what has passed is over. */
function canEnd(event: ConnectionInput, isGreeting: boolean): boolean {
  switch (event.case) {
    case "connectTimedOut":
      return !isGreeting;
    case "helloTimedOut":
    case "rejected":
    case "welcomeRefused":
      return isGreeting;
    case "transportClosed":
    case "transportFailed":
    case "wentAway":
    case "superseded":
      return true;
    default:
      return false;
  }
}
