import { create } from "@bufbuild/protobuf";
import type { Agent, PermissionResolution } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import {
  type AgentStatusConflict,
  AgentStatusConflictSchema,
  type CapabilityMissing,
  CapabilityMissingSchema,
  type PermissionAlreadyResolved,
  PermissionAlreadyResolvedSchema,
} from "../../../gen/moorline/agent/v1/error_pb.ts";
import { type Provider, ProviderCapability } from "../../../gen/moorline/agent/v1/provider_pb.ts";
import type { AgentEffect, AgentEvent } from "../../../gen/moorline/machine/v1/agent_pb.ts";
import { agentEvent } from "../../machine/agent.ts";
import { timestampOf } from "../../wire/timestamp.ts";
import type { LifecycleStep } from "./agent-lifecycle.ts";

/** What became of a client's request about an agent. */
export type RequestOutcome =
  /** It was taken: the agent after it, and what is left to do. */
  | { readonly case: "taken"; readonly agent: Agent; readonly effects: readonly AgentEffect[] }
  /** There was nothing to do, and that is no error. */
  | { readonly case: "unchanged"; readonly agent: Agent }
  /** The agent is in a status in which this cannot be done. */
  | { readonly case: "statusConflict"; readonly value: AgentStatusConflict }
  /** The provider cannot do it. */
  | { readonly case: "capabilityMissing"; readonly value: CapabilityMissing }
  /** Somebody has decided before. */
  | { readonly case: "permissionAlreadyResolved"; readonly value: PermissionAlreadyResolved }
  /** The agent never had such a permission, or the permission has no such option. */
  | { readonly case: "notOffered" };

/** What a request about an agent is judged by. */
export interface RequestContext {
  /** The provider of the agent, as it describes itself. */
  readonly provider: Provider;
  /** Takes an event into the agent. */
  readonly step: (agent: Agent, event: AgentEvent) => LifecycleStep;
  /** When, in milliseconds since 1970. */
  readonly wallMs: number;
}

/** A client's answer to a permission. */
export interface PermissionAnswer {
  /** The permission. */
  readonly permissionId: string;
  /** The option. */
  readonly optionId: string;
  /** The session ref of the client. */
  readonly sessionRef: string;
}

/**
 * Gives an agent a prompt. A conflict where it takes none now. Spec: AGENT-11, AGENT-16.
 * @param closeInput Whether it is to be the last one.
 */
export function promptAgent(agent: Agent, closeInput: boolean, context: RequestContext): RequestOutcome {
  const event = agentEvent({ case: "promptSent", value: {} });
  return (
    findMissing(context, ProviderCapability.PROMPTS) ??
    (closeInput ? findMissing(context, ProviderCapability.CLOSE_INPUT) : undefined) ??
    takenOf(context.step(agent, event)) ??
    statusConflict(agent)
  );
}

/** Cancels the turn of an agent. Nothing to do where none is under way, or one is cancelled. Spec: AGENT-13, AGENT-16. */
export function cancelAgent(agent: Agent, context: RequestContext): RequestOutcome {
  const event = agentEvent({ case: "cancelRequested", value: { at: timestampOf(context.wallMs) } });
  return (
    findMissing(context, ProviderCapability.CANCEL) ??
    takenOf(context.step(agent, event)) ?? { case: "unchanged", agent }
  );
}

/**
 * Decides about a permission of an agent. Spec: AGENT-12, AGENT-16.
 * @param earlier How it was decided before, where it was: the agent keeps only what waits.
 */
export function resolveAgentPermission(
  agent: Agent,
  answer: PermissionAnswer,
  earlier: PermissionResolution | undefined,
  context: RequestContext,
): RequestOutcome {
  const event = agentEvent({ case: "permissionResolved", value: { ...answer, at: timestampOf(context.wallMs) } });
  return (
    findMissing(context, ProviderCapability.PERMISSIONS) ??
    takenOf(context.step(agent, event)) ??
    resolvedBefore(earlier) ?? { case: "notOffered" }
  );
}

function findMissing({ provider }: RequestContext, capability: ProviderCapability): RequestOutcome | undefined {
  if (provider.capabilities.includes(capability)) return undefined;
  return {
    case: "capabilityMissing",
    value: create(CapabilityMissingSchema, { providerId: provider.id, capability }),
  };
}

function takenOf({ agent, effects, ignored }: LifecycleStep): RequestOutcome | undefined {
  return ignored ? undefined : { case: "taken", agent, effects };
}

function statusConflict({ id, status }: Agent): RequestOutcome {
  return { case: "statusConflict", value: create(AgentStatusConflictSchema, { agentId: id, status }) };
}

function resolvedBefore(resolution: PermissionResolution | undefined): RequestOutcome | undefined {
  if (resolution === undefined) return undefined;
  return { case: "permissionAlreadyResolved", value: create(PermissionAlreadyResolvedSchema, { resolution }) };
}
