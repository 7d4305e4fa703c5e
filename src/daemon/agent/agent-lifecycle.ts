import { clone, create } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import {
  type Agent,
  AgentAttention,
  AgentFailureSchema,
  AgentSchema,
  AgentStatus,
} from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { agentPhaseOf } from "../../../gen/moorline/machine/v1/agent_moorline.ts";
import type { AgentEffect, AgentEvent, AgentState } from "../../../gen/moorline/machine/v1/agent_pb.ts";
import { type AgentConfig, agentEvent, defaultAgentConfig, transitionAgent } from "../../machine/agent.ts";
import { agentState } from "../../machine/agent-parts.ts";
import { timestampOf } from "../../wire/timestamp.ts";

/** What followed from an event. */
export interface LifecycleStep {
  /** The agent after it: the very same object where nothing changed. Otherwise a copy, with a new `updated_at`. */
  readonly agent: Agent;
  /** What is left to do, in order: to the run and to the timeline. What concerns the agent itself is done. */
  readonly effects: readonly AgentEffect[];
  /** The event means nothing in the agent's status. */
  readonly ignored: boolean;
}

/**
 * Takes an event into an agent. Pure; the agent that is given is not changed. Spec: AGENT-10.
 * @param wallMs When, in milliseconds since 1970.
 */
export function stepAgent(agent: Agent, event: AgentEvent, config: AgentConfig, wallMs: number): LifecycleStep {
  const { state, effects, ignored } = transitionAgent(agentToState(agent), event, config);
  if (ignored) return { agent, effects: [], ignored };
  const next = clone(AgentSchema, agent);
  writeState(next, state);
  next.updatedAt = timestampOf(wallMs);
  return { agent: next, effects: effects.filter((effect) => !applyEffect(next, effect)), ignored };
}

/** Says that somebody has looked at an agent. The very same agent where nobody had to. Spec: AGENT-11. */
export function clearAgentAttention(agent: Agent, wallMs: number): Agent {
  if (agent.attention === AgentAttention.UNSPECIFIED) return agent;
  const next = clone(AgentSchema, agent);
  writeAttention(next, AgentAttention.UNSPECIFIED, undefined);
  next.updatedAt = timestampOf(wallMs);
  return next;
}

/**
 * Takes over an agent that an earlier process of the daemon has left: where it had a run it is in error now, with
 * DAEMON_RESTARTED, and nobody has decided about its permissions. Spec: AGENT-15.
 */
export function recoverAgent(agent: Agent, wallMs: number): LifecycleStep {
  const event = agentEvent({ case: "daemonRestarted", value: { at: timestampOf(wallMs) } });
  return stepAgent(agent, event, defaultAgentConfig, wallMs);
}

/** The state of the machine that an agent is in. A status of a newer version is a state without rows. */
export function agentToState({ status, pendingPermissions, failure }: Agent): AgentState {
  switch (status) {
    case AgentStatus.STARTING:
      return agentState({ case: "starting", value: {} });
    case AgentStatus.RUNNING:
      return agentState({ case: "running", value: {} });
    case AgentStatus.IDLE:
      return agentState({ case: "idle", value: {} });
    case AgentStatus.WAITING_FOR_PERMISSION:
      return agentState({ case: "waitingForPermission", value: { permissions: pendingPermissions } });
    case AgentStatus.CANCELLING:
      return agentState({ case: "cancelling", value: {} });
    case AgentStatus.ERROR:
      return agentState({ case: "error", value: { failure: failure ?? create(AgentFailureSchema) } });
    default:
      return agentState({ case: "ended", value: {} });
  }
}

function writeState(agent: Agent, present: AgentState): void {
  const { state } = present;
  agent.status = agentPhaseOf(present);
  agent.pendingPermissions = state.case === "waitingForPermission" ? state.value.permissions : [];
  if (state.case === "error" && state.value.failure !== undefined) agent.failure = state.value.failure;
  else delete agent.failure;
}

/** Does what concerns the agent itself. Whether nothing else is left of the effect. */
function applyEffect(agent: Agent, { effect }: AgentEffect): boolean {
  if (effect.case === "recordExit" && effect.value.exit !== undefined) agent.lastExit = effect.value.exit;
  if (effect.case === "setAttention") writeAttention(agent, effect.value.attention, effect.value.at);
  if (effect.case === "clearAttention") writeAttention(agent, AgentAttention.UNSPECIFIED, undefined);
  return effect.case === "setAttention" || effect.case === "clearAttention";
}

function writeAttention(agent: Agent, attention: AgentAttention, at: Timestamp | undefined): void {
  agent.attention = attention;
  if (at === undefined) delete agent.attentionAt;
  else agent.attentionAt = at;
}
