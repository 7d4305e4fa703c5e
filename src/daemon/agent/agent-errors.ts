import { Code, ConnectError } from "@connectrpc/connect";
import {
  AgentStatusConflictSchema,
  CapabilityMissingSchema,
  CommandRefusal,
  CommandRefusalSchema,
  type CommandRefused,
  CommandRefusedSchema,
  InputClosedSchema,
  PermissionAlreadyResolvedSchema,
  ProviderNotFoundSchema,
} from "../../../gen/moorline/agent/v1/error_pb.ts";
import { CallOutcome, Limit, LimitExceededSchema } from "../../../gen/moorline/session/v1/error_pb.ts";
import type { RunRefusal } from "../provider.ts";
import type { RequestOutcome } from "./agent-requests.ts";

/** A request that could never be served. Spec: AGENT-20. */
export function createInvalid(message: string): ConnectError {
  return new ConnectError(message, Code.InvalidArgument);
}

/** There is no such provider. Spec: AGENT-20. */
export function createProviderNotFound(providerId: string): ConnectError {
  const detail = { desc: ProviderNotFoundSchema, value: { providerId } };
  return new ConnectError("there is no such provider", Code.NotFound, undefined, [detail]);
}

/** The agent's input was ended. Spec: AGENT-6. */
export function createInputClosed(agentId: string): ConnectError {
  const detail = { desc: InputClosedSchema, value: { agentId } };
  return new ConnectError("the agent takes no more prompts", Code.FailedPrecondition, undefined, [detail]);
}

/** A limit of the daemon is reached. Nothing was done. */
export function createLimitExceeded(limit: Limit, max: number, message: string): ConnectError {
  const value = { limit, max: BigInt(max), outcome: CallOutcome.NOT_SENT };
  return new ConnectError(message, Code.ResourceExhausted, undefined, [{ desc: LimitExceededSchema, value }]);
}

/** Why a run is not begun, as a status. Spec: AGENT-9, AGENT-20. */
export function refusalToError(refusal: RunRefusal): ConnectError {
  switch (refusal.case) {
    case "invalid":
      return createInvalid(refusal.value);
    case "capabilityMissing":
      return capabilityMissing(refusal.value);
    case "commandRefused":
      return commandRefused(refusal.value);
  }
}

/** A request about an agent that was not taken, as a status. Spec: AGENT-16. */
export function outcomeToError(outcome: Exclude<RequestOutcome, { case: "taken" | "unchanged" }>): ConnectError {
  switch (outcome.case) {
    case "capabilityMissing":
      return capabilityMissing(outcome.value);
    case "statusConflict": {
      const detail = { desc: AgentStatusConflictSchema, value: outcome.value };
      return new ConnectError("the agent is in another status", Code.FailedPrecondition, undefined, [detail]);
    }
    case "permissionAlreadyResolved": {
      const detail = { desc: PermissionAlreadyResolvedSchema, value: outcome.value };
      return new ConnectError("somebody has decided before", Code.FailedPrecondition, undefined, [detail]);
    }
    case "notOffered":
      return createInvalid("the agent does not wait for that permission, or it has no such option");
  }
}

function capabilityMissing(value: Extract<RunRefusal, { case: "capabilityMissing" }>["value"]): ConnectError {
  const detail = { desc: CapabilityMissingSchema, value };
  return new ConnectError("the provider cannot do that", Code.FailedPrecondition, undefined, [detail]);
}

/** What is forbidden is PERMISSION_DENIED; what is not there could never be run. */
function commandRefused(value: CommandRefused): ConnectError {
  const isForbidden =
    value.reason === CommandRefusal.NOT_ALLOWED || value.reason === CommandRefusal.VARIABLE_NOT_ALLOWED;
  const code = isForbidden ? Code.PermissionDenied : Code.InvalidArgument;
  const why = CommandRefusalSchema.value[value.reason]?.name ?? "";
  const detail = { desc: CommandRefusedSchema, value };
  return new ConnectError(`the command is not run: ${why}`, code, undefined, [detail]);
}

/** The limit of agents, of a daemon. Spec: AGENT-21. */
export function createTooManyAgents(max: number): ConnectError {
  return createLimitExceeded(Limit.AGENTS, max, `there are ${max} agents already; delete those that nobody needs`);
}
