import { type CallOptions, createContextValues } from "@connectrpc/connect";
import type { Agent } from "../../gen/moorline/agent/v1/agent_pb.ts";
import {
  AgentService,
  type ResolvePermissionResponse,
  type SendPromptResponse,
} from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { idempotencyKey } from "../rpc/context-keys.ts";
import { systemRandom } from "../transport/system-random.ts";
import { bytesToBase64url } from "../wire/base64url.ts";
import type { CreateAgentInit, HostRuntime } from "./host-runtime.ts";

/** Random bytes of a key under which a request has its effect once. */
const KEY_BYTES = 16;

/**
 * What somebody may ask of a host, as functions that may be handed on as they are. Those of the host never throw; those that
 * come back with a promise reject with a ConnectError, as calls do, and have their effect once, however often they are sent.
 * The details of such an error are on docs/errors.md: an AgentNotFound, for example.
 */
export interface HostIntents {
  /** Loads the session key and connects. Does nothing where it was started, except after a failed start. */
  readonly start: () => void;
  /** Ends the host for good. */
  readonly stop: () => void;
  /** Tries now where there is no connection, and tries again what was refused. */
  readonly retry: () => void;
  /** Looks at everything anew: the mirrors, and the connection where there is none. */
  readonly refresh: () => void;
  /** Wants a candidate before all others, by its id, as `useCandidate` of the host does; undefined: whichever is best. */
  readonly chooseCandidate: (candidateId: string | undefined) => void;
  /** Shows the agent at once and creates it. Resolves to what the daemon has made of it. */
  readonly createAgent: (request: CreateAgentInit) => Promise<Agent>;
  /** Takes a creation that has failed off the list. */
  readonly dismissCreation: (key: string) => void;
  /** Gives an agent a prompt. Rejects with an InputClosed where it takes no more, a CapabilityMissing where it never does. */
  readonly sendPrompt: (agentId: string, text: string) => Promise<SendPromptResponse>;
  /** Cancels the turn of an agent, where one is under way. */
  readonly cancelTurn: (agentId: string) => Promise<void>;
  /** Puts an agent away. */
  readonly archiveAgent: (agentId: string) => Promise<void>;
  /** Says that somebody has looked at an agent. */
  readonly clearAttention: (agentId: string) => Promise<void>;
  /** Answers a permission that an agent waits for, by an option that it has. Rejects with a PermissionAlreadyResolved. */
  readonly resolvePermission: (
    agentId: string,
    permissionId: string,
    optionId: string,
  ) => Promise<ResolvePermissionResponse>;
}

const known = new WeakMap<HostRuntime, HostIntents>();

/** The intents of a host: the very same object for the same host. */
export function intentsOf(host: HostRuntime): HostIntents {
  const intents = known.get(host) ?? createIntents(host);
  known.set(host, intents);
  return intents;
}

function createIntents(host: HostRuntime): HostIntents {
  const agents = host.service(AgentService);
  return {
    start: () => host.start(),
    stop: () => host.stop(),
    retry: () => host.retry(),
    refresh: () => host.refresh(),
    chooseCandidate: (candidateId) => host.useCandidate(candidateId),
    createAgent: (request) => host.createAgent(request),
    dismissCreation: (key) => host.creations.dismiss(key),
    sendPrompt: (agentId, text) => agents.sendPrompt({ agentId, text }, once()),
    cancelTurn: async (agentId) => void (await agents.cancelTurn({ agentId })),
    archiveAgent: async (agentId) => void (await agents.archiveAgent({ agentId })),
    clearAttention: async (agentId) => void (await agents.clearAttention({ agentId })),
    resolvePermission: (agentId, permissionId, optionId) =>
      agents.resolvePermission({ agentId, permissionId, optionId }, once()),
  };
}

/** For what is not idempotent by itself: under a key of its own it may be sent again. */
function once(): CallOptions {
  const key = bytesToBase64url(systemRandom.bytes(KEY_BYTES));
  return { contextValues: createContextValues().set(idempotencyKey, key) };
}
