import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { AgentEvent } from "../../../gen/moorline/machine/v1/agent_pb.ts";
import type { Transition } from "../../../gen/moorline/state/v1/transition_pb.ts";
import { agentMachine } from "../../machine/agent.ts";
import { createTransition } from "../../machine/transition-log.ts";
import { agentToState, type LifecycleStep } from "./agent-lifecycle.ts";

/** An event that an agent was given, and what followed. */
export interface AgentRecord {
  /** The agent before. */
  readonly before: Agent;
  /** The event. */
  readonly event: AgentEvent;
  /** What followed from it. */
  readonly step: LifecycleStep;
}

/** What the record says beside that. */
export interface AgentRecordContext {
  /** The daemon. */
  readonly serverId: string;
  /** The session that has asked for it. Default: nobody has. */
  readonly sessionRef?: string;
  /** The wall clock, in milliseconds since 1970. */
  readonly wallMs: number;
}

/** The record of the transition log for one event of an agent; its subject is the agent's id. Spec: LOG-1, LOG-4. */
export function createAgentTransition(
  { before, event, step }: AgentRecord,
  { serverId, sessionRef = "", wallMs }: AgentRecordContext,
): Transition {
  const { agent, ignored } = step;
  const entry = { from: agentToState(before), event, to: agentToState(agent), ignored };
  return createTransition(agentMachine, entry, { serverId, sessionRef, wallMs, subject: agent.id });
}
