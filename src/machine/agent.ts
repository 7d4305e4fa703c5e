import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import {
  AgentAttention,
  type AgentFailure,
  AgentFailureReason,
  AgentFailureSchema,
  type PendingPermission,
  type ProcessExit,
} from "../../gen/moorline/agent/v1/agent_pb.ts";
import type { agentTable } from "../../gen/moorline/machine/v1/agent_moorline.ts";
import {
  type AgentEffect,
  type AgentEvent,
  type AgentEvent_PermissionAsked,
  type AgentEvent_PermissionResolved,
  AgentEventSchema,
  type AgentState,
} from "../../gen/moorline/machine/v1/agent_pb.ts";
import { ignoreEvent, type Step, takeStep } from "../core/machine.ts";
import { agentEffect, agentState, cancelPermissions, recordDecision } from "./agent-parts.ts";
import { memberName, type SchemaMachine, type TransitionFacts } from "./schema-machine.ts";

/** What decides how an agent's machine behaves: what its provider can do. Plain data. */
export interface AgentConfig {
  /** Whether a prompt is taken while a turn is under way. Default false. */
  readonly promptsWhileRunning: boolean;
  /** Whether a prompt begins a new run after a failure. Default false. */
  readonly restarts: boolean;
}

/** A provider that can do neither. */
export const defaultAgentConfig: AgentConfig = { promptsWhileRunning: false, restarts: false };

/** The most permissions of an agent that wait at once; one more is refused. Spec: AGENT-12. */
export const MAX_PENDING_PERMISSIONS = 64;

/** The machine of an agent. The table is the option `machine` of its state in the schema. */
export const agentMachine: SchemaMachine<AgentState, AgentEvent, AgentEffect, AgentConfig> = {
  name: "agent" satisfies typeof agentTable.name,
  transition: transitionAgent,
  stateName: ({ state }) => memberName(state.case),
  eventName: ({ event }) => memberName(event.case),
  describe: describeAgent,
};

type AgentStep = Step<AgentState, AgentEffect>;
type AgentInput = AgentEvent["event"];
type EventInit = Exclude<MessageInitShape<typeof AgentEventSchema>["event"], { case?: undefined } | undefined>;

/** Makes an event of an agent's machine. */
export function agentEvent(event: EventInit): AgentEvent {
  return create(AgentEventSchema, { event });
}

/** What follows from an event. An event without a row changes nothing. Spec: AGENT-10 to AGENT-15, RUN-2. */
export function transitionAgent(state: AgentState, { event }: AgentEvent, config: AgentConfig): AgentStep {
  switch (state.state.case) {
    case "starting":
      return event.case === "runStarted" ? run() : transitionTurn(state, event, []);
    case "running":
      return event.case === "promptSent" ? deliver(state, config) : transitionTurn(state, event, []);
    case "idle":
      return transitionIdle(state, event);
    case "waitingForPermission":
      return transitionWaiting(state, state.state.value.permissions, event);
    case "cancelling":
      return transitionCancelling(state, event);
    case "error":
      return event.case === "promptSent" ? restart(state, config) : ignoreEvent(state);
    default:
      return ignoreEvent(state);
  }
}

/** The rows of a turn that is not being cancelled; `pending` are the permissions that it waits for. */
function transitionTurn(state: AgentState, event: AgentInput, pending: readonly PendingPermission[]): AgentStep {
  switch (event.case) {
    case "permissionAsked":
      return ask(state, pending, event.value);
    case "turnEnded": {
      const finished = state.state.case === "starting" ? [] : [attend(AgentAttention.FINISHED, event.value.at)];
      return rest([...cancelPermissions(pending, event.value.at), ...finished]);
    }
    case "runEnded":
      return end([
        ...cancelPermissions(pending, event.value.at),
        ...recordExit(event.value.exit),
        attend(AgentAttention.FINISHED, event.value.at),
      ]);
    case "cancelRequested":
      return takeStep(agentState({ case: "cancelling", value: {} }), [
        ...cancelPermissions(pending, event.value.at),
        ...(pending.length === 0 ? [] : [unattend()]),
        agentEffect({ case: "cancelRun", value: {} }),
      ]);
    default:
      return transitionFailure(state, event, pending);
  }
}

/** The rows of the state idle. Spec: AGENT-11. */
function transitionIdle(state: AgentState, event: AgentInput): AgentStep {
  if (event.case === "promptSent") return run([unattend(), agentEffect({ case: "deliverPrompt", value: {} })]);
  if (event.case === "runStarted") return run();
  if (event.case === "runEnded") return end(recordExit(event.value.exit));
  return transitionFailure(state, event, []);
}

/** The rows of the state waiting_for_permission. Spec: AGENT-12. */
function transitionWaiting(state: AgentState, pending: readonly PendingPermission[], event: AgentInput): AgentStep {
  if (event.case === "permissionResolved") return resolve(state, pending, event.value);
  return transitionTurn(state, event, pending);
}

/** The rows of the state cancelling. Spec: AGENT-13. */
function transitionCancelling(state: AgentState, event: AgentInput): AgentStep {
  if (event.case === "permissionAsked") return takeStep(state, [answer(event.value.permission?.id ?? "", "")]);
  if (event.case === "turnEnded") return rest([]);
  if (event.case === "runEnded") return end(recordExit(event.value.exit));
  return transitionFailure(state, event, []);
}

/** The rows that lead to error, from every state with a run. Spec: AGENT-14, AGENT-15. */
function transitionFailure(state: AgentState, event: AgentInput, pending: readonly PendingPermission[]): AgentStep {
  if (event.case === "runFailed") {
    const { failure = create(AgentFailureSchema), exit, at } = event.value;
    const records = [...cancelPermissions(pending, at), recordFailure(failure), ...recordExit(exit)];
    return fail(failure, records, at);
  }
  if (event.case !== "daemonRestarted") return ignoreEvent(state);
  const reason = AgentFailureReason.DAEMON_RESTARTED;
  const failure = create(AgentFailureSchema, { reason, message: "the daemon ended while the agent ran" });
  return fail(failure, cancelPermissions(pending, event.value.at), event.value.at);
}

function ask(
  state: AgentState,
  pending: readonly PendingPermission[],
  { permission, at }: AgentEvent_PermissionAsked,
): AgentStep {
  if (permission === undefined || pending.some(({ id }) => id === permission.id)) return ignoreEvent(state);
  if (pending.length >= MAX_PENDING_PERMISSIONS) return takeStep(state, [answer(permission.id, "")]);
  const permissions = [...pending, permission];
  return takeStep(agentState({ case: "waitingForPermission", value: { permissions } }), [
    attend(AgentAttention.PERMISSION, at),
  ]);
}

function resolve(
  state: AgentState,
  pending: readonly PendingPermission[],
  resolved: AgentEvent_PermissionResolved,
): AgentStep {
  const permission = pending.find(({ id }) => id === resolved.permissionId);
  const option = permission?.options.find(({ id }) => id === resolved.optionId);
  if (permission === undefined || option === undefined) return ignoreEvent(state);
  const effects = [recordDecision(resolved, option.decision), answer(permission.id, option.id)];
  const permissions = pending.filter((other) => other !== permission);
  if (permissions.length === 0) return run([...effects, unattend()]);
  return takeStep(agentState({ case: "waitingForPermission", value: { permissions } }), effects);
}

function deliver(state: AgentState, { promptsWhileRunning }: AgentConfig): AgentStep {
  if (!promptsWhileRunning) return ignoreEvent(state);
  return takeStep(state, [unattend(), agentEffect({ case: "deliverPrompt", value: {} })]);
}

function restart(state: AgentState, { restarts }: AgentConfig): AgentStep {
  if (!restarts) return ignoreEvent(state);
  const effects = [unattend(), agentEffect({ case: "startRun", value: {} })];
  return takeStep(agentState({ case: "starting", value: {} }), effects);
}

function run(effects: readonly AgentEffect[] = []): AgentStep {
  return takeStep(agentState({ case: "running", value: {} }), effects);
}

function rest(effects: readonly AgentEffect[]): AgentStep {
  return takeStep(agentState({ case: "idle", value: {} }), effects);
}

function end(effects: readonly AgentEffect[]): AgentStep {
  return takeStep(agentState({ case: "ended", value: {} }), effects);
}

function fail(failure: AgentFailure, effects: readonly AgentEffect[], at: Timestamp | undefined): AgentStep {
  return takeStep(agentState({ case: "error", value: { failure } }), [...effects, attend(AgentAttention.ERROR, at)]);
}

function recordExit(exit: ProcessExit | undefined): AgentEffect[] {
  return exit === undefined ? [] : [agentEffect({ case: "recordExit", value: { exit } })];
}

function recordFailure(failure: AgentFailure): AgentEffect {
  return agentEffect({ case: "recordFailure", value: { failure } });
}

function answer(permissionId: string, optionId: string): AgentEffect {
  return agentEffect({ case: "answerPermission", value: { permissionId, optionId } });
}

function attend(attention: AgentAttention, at: Timestamp | undefined): AgentEffect {
  return agentEffect({ case: "setAttention", value: at === undefined ? { attention } : { attention, at } });
}

function unattend(): AgentEffect {
  return agentEffect({ case: "clearAttention", value: {} });
}

function describeAgent({ state }: AgentState): TransitionFacts {
  if (state.case !== "error" || state.value.failure === undefined) return {};
  const { reason, message } = state.value.failure;
  return { reason: { case: "agentFailure", value: reason }, message };
}
