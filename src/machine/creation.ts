import type {
  CreationEffect,
  CreationEvent,
  CreationState,
  CreationState_Confirmed,
  creationTable,
} from "../../gen/moorline/machine/v1/creation_moorline.ts";
import { CreationFailureReason } from "../../gen/moorline/state/v1/creation_pb.ts";
import { ignoreEvent, type Step, takeStep } from "../core/machine.ts";
import { memberName, type SchemaMachine, type TransitionFacts } from "./schema-machine.ts";

/** What decides how a creation's machine behaves; plain data. */
export interface CreationConfig {
  /**
   * How long the agent of an answer is shown that the directory does not show, in milliseconds. Default 10 s: a directory
   * marks what it has told at least every 5 s.
   */
  readonly bridgeMs: number;
}

/** The times of the specification. Spec: CREATE-6. */
export const defaultCreationConfig: CreationConfig = { bridgeMs: 10_000 };

/** The machine of a creation. The table is the option `machine` of its state in the schema. */
export const creationMachine: SchemaMachine<CreationState, CreationEvent, CreationEffect, CreationConfig> = {
  name: "creation" satisfies typeof creationTable.name,
  transition: transitionCreation,
  stateName: ({ state }) => memberName(state.case),
  eventName: ({ event }) => memberName(event.case),
  describe: describeCreation,
};

type CreationStep = Step<CreationState, CreationEffect>;
type CreationInput = CreationEvent["event"];
type Refusal = Extract<CreationInput, { case: "refused" }>["value"];

/** Where a creation starts: the request goes out, and its agent is shown. */
export function startCreation(): CreationStep {
  return takeStep({ state: { case: "pending", value: {} } }, [{ effect: { case: "sendRequest", value: {} } }]);
}

/** What follows from an event. An event without a row changes nothing. Spec: CREATE, RUN-2. */
export function transitionCreation(
  state: CreationState,
  { event }: CreationEvent,
  config: CreationConfig,
): CreationStep {
  const present = state.state;
  if (present.case === "pending") return transitionPending(state, event, config);
  if (present.case === "appeared") return transitionAppeared(state, present.value.agentId, event);
  if (present.case === "confirmed") return transitionConfirmed(state, present.value, event, config);
  if (present.case === "failed") return transitionFailed(state, present.value.reason, event);
  return ignoreEvent(state);
}

/** The rows of the state pending. Spec: CREATE-2, CREATE-3, CREATE-4. */
function transitionPending(state: CreationState, event: CreationInput, { bridgeMs }: CreationConfig): CreationStep {
  switch (event.case) {
    case "answered":
      return event.value.isAwaited
        ? confirm(event.value.agentId, event.value.nowMs + bridgeMs, [])
        : reconcile(event.value.agentId);
    case "refused":
      return fail(event.value);
    case "appeared":
      return takeStep({ state: { case: "appeared", value: { agentId: event.value.agentId } } });
    case "abandoned":
      return dismiss([{ effect: { case: "cancelRequest", value: {} } }]);
    default:
      return ignoreEvent(state);
  }
}

/** The rows of the state appeared. What the directory has shown is there, unless the daemon says otherwise. Spec: CREATE-5. */
function transitionAppeared(state: CreationState, agentId: string, event: CreationInput): CreationStep {
  switch (event.case) {
    case "answered":
      return reconcile(event.value.agentId);
    case "refused":
      return event.value.reason === CreationFailureReason.OUTCOME_UNKNOWN ? reconcile(agentId) : fail(event.value);
    case "abandoned":
      return dismiss([{ effect: { case: "cancelRequest", value: {} } }]);
    default:
      return ignoreEvent(state);
  }
}

/** The rows of the state confirmed. Spec: CREATE-3, CREATE-6. */
function transitionConfirmed(
  state: CreationState,
  { agentId, bridgeAtMs }: CreationState_Confirmed,
  event: CreationInput,
  { bridgeMs }: CreationConfig,
): CreationStep {
  const cancel: CreationEffect = { effect: { case: "cancelTimer", value: {} } };
  switch (event.case) {
    case "appeared":
      return reconcile(agentId, [cancel]);
    case "bridgeDue":
      if (event.value.bridgeAtMs !== bridgeAtMs) return ignoreEvent(state);
      return event.value.isFollowing
        ? reconcile(agentId, [cancel])
        : confirm(agentId, event.value.nowMs + bridgeMs, [cancel]);
    case "abandoned":
      return dismiss([cancel]);
    default:
      return ignoreEvent(state);
  }
}

/** The rows of the state failed. An agent that nobody knew of may still appear. Spec: CREATE-4, CREATE-5. */
function transitionFailed(state: CreationState, reason: CreationFailureReason, event: CreationInput): CreationStep {
  switch (event.case) {
    case "appeared":
      return reason === CreationFailureReason.OUTCOME_UNKNOWN ? reconcile(event.value.agentId) : ignoreEvent(state);
    case "dismissed":
    case "abandoned":
      return dismiss([]);
    default:
      return ignoreEvent(state);
  }
}

function confirm(agentId: string, bridgeAtMs: number, leave: readonly CreationEffect[]): CreationStep {
  return takeStep({ state: { case: "confirmed", value: { agentId, bridgeAtMs } } }, [
    ...leave,
    { effect: { case: "startTimer", value: { atMs: bridgeAtMs } } },
  ]);
}

function fail({ reason, code, message }: Refusal): CreationStep {
  return takeStep({ state: { case: "failed", value: { reason, code, message } } });
}

function reconcile(agentId: string, leave: readonly CreationEffect[] = []): CreationStep {
  return takeStep({ state: { case: "reconciled", value: { agentId } } }, [...leave, drop()]);
}

function dismiss(leave: readonly CreationEffect[]): CreationStep {
  return takeStep({ state: { case: "dismissed", value: {} } }, [...leave, drop()]);
}

function drop(): CreationEffect {
  return { effect: { case: "dropCreation", value: {} } };
}

function describeCreation({ state }: CreationState): TransitionFacts {
  if (state.case !== "failed") return {};
  const { reason, message } = state.value;
  return { reason: { case: "creationFailure", value: reason }, message };
}
