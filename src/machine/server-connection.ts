import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { serverConnectionTable } from "../../gen/moorline/machine/v1/server_connection_moorline.ts";
import {
  type ServerConnectionEffect,
  ServerConnectionEffectSchema,
  type ServerConnectionEvent,
  type ServerConnectionEvent_HelloAccepted,
  ServerConnectionEventSchema,
  type ServerConnectionState,
  ServerConnectionStateSchema,
  ServerConnectionTimer,
} from "../../gen/moorline/machine/v1/server_connection_pb.ts";
import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import { ignoreEvent, type Step, takeStep } from "../core/machine.ts";
import { handshakeLimits, probeLimits } from "../wire/limits.ts";
import { memberName, type SchemaMachine, type TransitionFacts } from "./schema-machine.ts";

/** What decides how a server's connection machine behaves; plain data. */
export interface ServerConnectionConfig {
  /** How long a connection may be without an accepted hello, in milliseconds. Default 10 s. */
  readonly helloTimeoutMs: number;
  /** How long a probe lives, in milliseconds. Default 60 s. */
  readonly probeMs: number;
}

/** The limits of the protocol. */
export const defaultServerConnectionConfig: ServerConnectionConfig = {
  helloTimeoutMs: handshakeLimits.helloTimeoutMs,
  probeMs: probeLimits.lifetimeMs,
};

/** The connection machine of a server. The table is the option `machine` of its state in the schema. */
export const serverConnectionMachine: SchemaMachine<
  ServerConnectionState,
  ServerConnectionEvent,
  ServerConnectionEffect,
  ServerConnectionConfig
> = {
  name: "server_connection" satisfies typeof serverConnectionTable.name,
  transition: transitionServerConnection,
  stateName: ({ state }) => memberName(state.case),
  eventName: ({ event }) => memberName(event.case),
  describe: describeServerConnection,
};

type ServerConnectionStep = Step<ServerConnectionState, ServerConnectionEffect>;
type Input = ServerConnectionEvent["event"];
type StateInit = Exclude<
  MessageInitShape<typeof ServerConnectionStateSchema>["state"],
  { case?: undefined } | undefined
>;
type EventInit = Exclude<
  MessageInitShape<typeof ServerConnectionEventSchema>["event"],
  { case?: undefined } | undefined
>;
type EffectInit = Exclude<
  MessageInitShape<typeof ServerConnectionEffectSchema>["effect"],
  { case?: undefined } | undefined
>;

/** Makes an event of the server's connection machine. */
export function serverConnectionEvent(event: EventInit): ServerConnectionEvent {
  return create(ServerConnectionEventSchema, { event });
}

/** Where a connection starts, and the timer that goes with it. Spec: HELLO-2. */
export function startServerConnection(nowMs: number, config: ServerConnectionConfig): ServerConnectionStep {
  const deadlineAtMs = nowMs + config.helloTimeoutMs;
  return takeStep(serverState({ case: "awaitingHello", value: { deadlineAtMs } }), [
    startTimer(ServerConnectionTimer.HELLO, deadlineAtMs),
  ]);
}

/** What follows from an event. An event without a row changes nothing. Spec: SRV, RUN-2. */
export function transitionServerConnection(
  state: ServerConnectionState,
  { event }: ServerConnectionEvent,
  config: ServerConnectionConfig,
): ServerConnectionStep {
  switch (state.state.case) {
    case "awaitingHello":
      return transitionAwaiting(state, event, config);
    case "probing":
      return transitionProbing(state, event);
    case "attached":
      return transitionAttached(state, state.state.value.attempt, event);
    default:
      return ignoreEvent(state);
  }
}

/** The rows of the state awaiting_hello. Spec: SRV-1. */
function transitionAwaiting(
  state: ServerConnectionState,
  event: Input,
  config: ServerConnectionConfig,
): ServerConnectionStep {
  switch (event.case) {
    case "helloAccepted":
      return accept(state, event.value, config);
    case "helloRefused":
    case "violated":
    case "wentAway":
      return close(state, event.value, "rejection");
    case "helloTimedOut":
      return close(state, { code: CloseCode.HELLO_TIMEOUT, message: "no hello came in time" }, "rejection");
    case "transportClosed":
      return close(state, event.value, "none");
    default:
      return ignoreEvent(state);
  }
}

/** The rows of the state probing. Spec: SRV-2. */
function transitionProbing(state: ServerConnectionState, event: Input): ServerConnectionStep {
  switch (event.case) {
    case "promoted":
      return carry(event.value.attempt, [cancelTimer(ServerConnectionTimer.PROBE)]);
    case "promotionRefused":
      return close(state, event.value, "rejection");
    case "expired":
      return close(state, { code: CloseCode.CONNECTION_DONE, message: "the probe has lived its time" }, "go_away");
    default:
      return transitionWelcomed(state, event);
  }
}

/** The rows of the state attached. Spec: SRV-3. */
function transitionAttached(state: ServerConnectionState, attempt: number, event: Input): ServerConnectionStep {
  const detach = serverEffect({ case: "detachChannel", value: { attempt } });
  const end = serverEffect({ case: "endChannel", value: { attempt } });
  switch (event.case) {
    case "superseded":
      return close(state, { code: CloseCode.SUPERSEDED, message: "a newer connection carries the channel" }, "go_away");
    case "sessionEnded":
      return close(state, { code: CloseCode.SESSION_ENDED, message: "the session was ended" }, "go_away");
    case "credentialExpired":
      return close(
        state,
        { code: CloseCode.CREDENTIAL_EXPIRED, message: "the credential has expired" },
        "go_away",
        detach,
      );
    case "credentialRevoked":
      return close(state, { code: CloseCode.REVOKED, message: "the credential was revoked" }, "go_away", end);
    case "goodbye":
      return transitionWelcomed(state, event, event.value.code === CloseCode.CHANNEL_DONE ? end : detach);
    default:
      return transitionWelcomed(state, event, detach);
  }
}

/** The rows that every welcomed connection has. */
function transitionWelcomed(
  state: ServerConnectionState,
  event: Input,
  ...release: readonly ServerConnectionEffect[]
): ServerConnectionStep {
  switch (event.case) {
    case "goodbye":
      return close(state, event.value, "close", ...release);
    case "wentAway":
    case "violated":
      return close(state, event.value, "go_away", ...release);
    case "pongMissing":
      return close(
        state,
        { code: CloseCode.PONG_MISSING, message: "a ping was not answered in time" },
        "go_away",
        ...release,
      );
    case "transportClosed":
      return close(state, event.value, "none", ...release);
    default:
      return ignoreEvent(state);
  }
}

function accept(
  state: ServerConnectionState,
  { purpose }: ServerConnectionEvent_HelloAccepted,
  config: ServerConnectionConfig,
): ServerConnectionStep {
  const startHeartbeat = serverEffect({ case: "startHeartbeat", value: {} });
  const cancel = cancelTimer(ServerConnectionTimer.HELLO);
  if (purpose.case === "session") return carry(purpose.value.attempt, [cancel, startHeartbeat]);
  if (purpose.case !== "probe") return ignoreEvent(state);
  const expiresAtMs = purpose.value.nowMs + config.probeMs;
  return takeStep(serverState({ case: "probing", value: { expiresAtMs } }), [
    cancel,
    startHeartbeat,
    startTimer(ServerConnectionTimer.PROBE, expiresAtMs),
    serverEffect({ case: "sendWelcome", value: {} }),
  ]);
}

function carry(attempt: number, before: readonly ServerConnectionEffect[]): ServerConnectionStep {
  return takeStep(serverState({ case: "attached", value: { attempt } }), [
    ...before,
    serverEffect({ case: "sendWelcome", value: {} }),
  ]);
}

interface Ending {
  readonly code: CloseCode;
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
}

/** How the client learns of the end: by a last packet, by the close alone, or not at all, as the transport is closed. */
type Farewell = "rejection" | "go_away" | "close" | "none";

function close(
  state: ServerConnectionState,
  ending: Ending,
  farewell: Farewell,
  ...release: readonly ServerConnectionEffect[]
): ServerConnectionStep {
  const { code, message } = ending;
  const closeTransport = serverEffect({ case: "closeTransport", value: { code, message } });
  return takeStep(serverState({ case: "closed", value: { code, message } }), [
    ...leaveState(state),
    ...release,
    ...lastPacket(ending, farewell),
    ...(farewell === "none" ? [] : [closeTransport]),
  ]);
}

function lastPacket({ code, message, retryAfterMs }: Ending, farewell: Farewell): ServerConnectionEffect[] {
  if (farewell === "go_away") return [serverEffect({ case: "sendGoAway", value: { code, message } })];
  if (farewell !== "rejection") return [];
  const retryAfter = retryAfterMs === undefined ? {} : { retryAfterMs };
  return [serverEffect({ case: "sendRejection", value: { code, message, ...retryAfter } })];
}

/** Undoes what the state started. The one place where that is decided. Spec: RUN-3. */
function leaveState({ state }: ServerConnectionState): ServerConnectionEffect[] {
  const stopHeartbeat = serverEffect({ case: "stopHeartbeat", value: {} });
  if (state.case === "awaitingHello") return [cancelTimer(ServerConnectionTimer.HELLO)];
  return state.case === "probing" ? [cancelTimer(ServerConnectionTimer.PROBE), stopHeartbeat] : [stopHeartbeat];
}

function startTimer(timer: ServerConnectionTimer, atMs: number): ServerConnectionEffect {
  return serverEffect({ case: "startTimer", value: { timer, atMs } });
}

function cancelTimer(timer: ServerConnectionTimer): ServerConnectionEffect {
  return serverEffect({ case: "cancelTimer", value: { timer } });
}

function serverState(state: StateInit): ServerConnectionState {
  return create(ServerConnectionStateSchema, { state });
}

function serverEffect(effect: EffectInit): ServerConnectionEffect {
  return create(ServerConnectionEffectSchema, { effect });
}

function describeServerConnection({ state }: ServerConnectionState): TransitionFacts {
  if (state.case === "attached") return { generation: state.value.attempt };
  if (state.case !== "closed") return {};
  return { reason: { case: "closeCode", value: state.value.code }, message: state.value.message };
}
