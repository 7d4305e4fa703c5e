import type {
  ConnectionEvent_LivenessLost,
  ConnectionState,
  ConnectionState_Connected,
} from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import { ConnectionTimer } from "../../../gen/moorline/machine/v1/connection_pb.ts";
import { ignoreEvent, takeStep } from "../../core/machine.ts";
import { disconnect } from "./disconnect.ts";
import { dispose } from "./dispose.ts";
import { type EndingFacts, endingOf } from "./ending.ts";
import { cancelTimer, startTimer } from "./leave.ts";
import { rememberLoss } from "./retry.ts";
import type { ConnectionConfig, ConnectionInput, ConnectionStep } from "./shapes.ts";

/** The rows of the state connected. Spec: CONN-8 to CONN-12. */
export function transitionConnected(
  state: ConnectionState,
  connected: ConnectionState_Connected,
  event: ConnectionInput,
  config: ConnectionConfig,
): ConnectionStep {
  switch (event.case) {
    case "disposed":
      return dispose(state, event.value);
    case "verifyRequested":
      return verify(state, connected, event.value.nowMs, config);
    case "packetReceived":
      return confirm(state, connected);
    case "livenessLost":
      return isPresentCheck(connected, event.value) ? lose(state, connected, event, config) : ignoreEvent(state);
    case "transportClosed":
    case "transportFailed":
    case "violated":
    case "superseded":
    case "wentAway":
      return lose(state, connected, event, config);
    default:
      return ignoreEvent(state);
  }
}

/** A check is under way already: its time is not extended, else repeated doubts would keep a dead connection. */
function verify(
  state: ConnectionState,
  connected: ConnectionState_Connected,
  nowMs: number,
  config: ConnectionConfig,
): ConnectionStep {
  if (connected.liveness.case === "verifying") return ignoreEvent(state);
  const { generation } = connected;
  const untilMs = nowMs + config.verifyTimeoutMs;
  const liveness = { case: "verifying", value: { untilMs } } as const;
  return takeStep({ state: { case: "connected", value: { ...connected, liveness } } }, [
    { effect: { case: "sendPing", value: { generation } } },
    startTimer(ConnectionTimer.VERIFY, generation, untilMs),
  ]);
}

function confirm(state: ConnectionState, connected: ConnectionState_Connected): ConnectionStep {
  if (connected.liveness.case !== "verifying") return ignoreEvent(state);
  const liveness = { case: "alive", value: {} } as const;
  return takeStep({ state: { case: "connected", value: { ...connected, liveness } } }, [
    cancelTimer(ConnectionTimer.VERIFY),
  ]);
}

function isPresentCheck(
  { liveness }: ConnectionState_Connected,
  { verifyUntilMs }: ConnectionEvent_LivenessLost,
): boolean {
  if (verifyUntilMs === undefined) return true;
  return liveness.case === "verifying" && liveness.value.untilMs === verifyUntilMs;
}

type LossEvent = Extract<
  ConnectionInput,
  { case: "livenessLost" | "transportClosed" | "transportFailed" | "violated" | "superseded" | "wentAway" }
>;

function lose(
  state: ConnectionState,
  connected: ConnectionState_Connected,
  event: LossEvent,
  config: ConnectionConfig,
): ConnectionStep {
  const ending = endingOf(event);
  if (ending === undefined) return ignoreEvent(state);
  const retry = rememberLoss(connected, ending.nowMs, event.value.carriedFrames);
  const hint = ending.hint ?? welcomeHint(connected, retry.failures);
  return disconnect(state, connected, { ...ending, retry, hint }, config);
}

/** The hint of the Welcome is for the first try only: not after a connection that was itself a failed try. */
function welcomeHint({ hint }: ConnectionState_Connected, failures: number): EndingFacts["hint"] {
  return failures === 0 ? hint : undefined;
}
