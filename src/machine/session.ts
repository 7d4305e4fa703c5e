import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { sessionTable } from "../../gen/moorline/machine/v1/session_moorline.ts";
import {
  type SessionEffect,
  SessionEffectSchema,
  type SessionEvent,
  SessionEventSchema,
  type SessionState,
  type SessionState_Idle,
  SessionStateSchema,
} from "../../gen/moorline/machine/v1/session_pb.ts";
import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import { ignoreEvent, type Step, takeStep } from "../core/machine.ts";
import { sessionLimits } from "../wire/limits.ts";
import { memberName, type SchemaMachine, type TransitionFacts } from "./schema-machine.ts";

/** What decides how a session's machine behaves; plain data. */
export interface SessionConfig {
  /** How long a session without any channel is kept, in milliseconds. Default 7 days. */
  readonly sessionMs: number;
}

/** The lifetime of the protocol. */
export const defaultSessionConfig: SessionConfig = { sessionMs: sessionLimits.sessionMs };

/** The session machine of a server. The table is the option `machine` of its state in the schema. */
export const sessionMachine: SchemaMachine<SessionState, SessionEvent, SessionEffect, SessionConfig> = {
  name: "session" satisfies typeof sessionTable.name,
  transition: transitionSession,
  stateName: ({ state }) => memberName(state.case),
  eventName: ({ event }) => memberName(event.case),
  describe: describeSession,
};

type SessionStep = Step<SessionState, SessionEffect>;
type SessionInput = SessionEvent["event"];
type StateInit = Exclude<MessageInitShape<typeof SessionStateSchema>["state"], { case?: undefined } | undefined>;
type EventInit = Exclude<MessageInitShape<typeof SessionEventSchema>["event"], { case?: undefined } | undefined>;
type EffectInit = Exclude<MessageInitShape<typeof SessionEffectSchema>["effect"], { case?: undefined } | undefined>;

/** Makes an event of the session machine. */
export function sessionEvent(event: EventInit): SessionEvent {
  return create(SessionEventSchema, { event });
}

/**
 * Where a session starts: idle, until the channel of the hello that made it is attached.
 * @param deadlineAtMs When it ends; for a session that comes from a store, what was left of its lifetime.
 */
export function startSession(deadlineAtMs: number): SessionStep {
  return rest(deadlineAtMs, []);
}

/** What follows from an event. An event without a row changes nothing. Spec: SESM, RUN-2. */
export function transitionSession(state: SessionState, { event }: SessionEvent, config: SessionConfig): SessionStep {
  const present = state.state;
  if (present.case === "idle") return transitionIdle(state, present.value, event, config);
  if (present.case === "active") return transitionActive(state, event, config);
  return ignoreEvent(state);
}

/** The rows of the state idle. Spec: SESM-2. */
function transitionIdle(
  state: SessionState,
  { deadlineAtMs }: SessionState_Idle,
  event: SessionInput,
  config: SessionConfig,
): SessionStep {
  const cancel = sessionEffect({ case: "cancelTimer", value: {} });
  switch (event.case) {
    case "attached":
      return takeStep(sessionState({ case: "active", value: {} }), [cancel]);
    case "callServed":
      return rest(event.value.nowMs + config.sessionMs, [cancel]);
    case "sessionExpired":
      return event.value.deadlineAtMs === deadlineAtMs ? expire([cancel]) : ignoreEvent(state);
    case "ended":
      return expire([cancel]);
    default:
      return ignoreEvent(state);
  }
}

/** The rows of the state active. Spec: SESM-1. */
function transitionActive(state: SessionState, event: SessionInput, config: SessionConfig): SessionStep {
  switch (event.case) {
    case "attached":
      return takeStep(state);
    case "lastChannelLost":
      return rest(event.value.nowMs + config.sessionMs, []);
    case "ended":
      return expire([sessionEffect({ case: "endChannels", value: {} })]);
    default:
      return ignoreEvent(state);
  }
}

function rest(deadlineAtMs: number, leave: readonly SessionEffect[]): SessionStep {
  return takeStep(sessionState({ case: "idle", value: { deadlineAtMs } }), [
    ...leave,
    sessionEffect({ case: "startTimer", value: { atMs: deadlineAtMs } }),
  ]);
}

function expire(leave: readonly SessionEffect[]): SessionStep {
  return takeStep(sessionState({ case: "expired", value: {} }), [
    ...leave,
    sessionEffect({ case: "forgetSession", value: {} }),
  ]);
}

function sessionState(state: StateInit): SessionState {
  return create(SessionStateSchema, { state });
}

function sessionEffect(effect: EffectInit): SessionEffect {
  return create(SessionEffectSchema, { effect });
}

function describeSession(_state: SessionState, { event }: SessionEvent): TransitionFacts {
  return event.case === "ended" ? { reason: { case: "closeCode", value: CloseCode.SESSION_ENDED } } : {};
}
