import { Code, ConnectError } from "@connectrpc/connect";
import { MoorlineError, type MoorlineErrorCode } from "../wire/moorline-error.ts";
import { createAgentNotFound } from "./directory/agent-not-found.ts";

/** What the failures of a store mean to who has called. What is not here is an INTERNAL error. */
const CODES: Partial<Record<MoorlineErrorCode, Code>> = {
  STORAGE_FULL: Code.ResourceExhausted,
  STORAGE_CLOSED: Code.Unavailable,
  STORAGE_FAILED: Code.Unavailable,
  DATABASE_LOCKED: Code.Unavailable,
  TIMELINE_ITEM_TOO_LARGE: Code.InvalidArgument,
};

/**
 * What a store has thrown, as the status of a call: NOT_FOUND with AgentNotFound where the timeline was deleted,
 * RESOURCE_EXHAUSTED where the disk is full, UNAVAILABLE where the store cannot be used now. What is none of a store stays as
 * it is. Spec: AGENT-25.
 * @param agentId The agent whose timeline it was.
 */
export function storageToStatus(thrown: unknown, agentId: string): unknown {
  if (!(thrown instanceof MoorlineError)) return thrown;
  if (thrown.code === "TIMELINE_DELETED") return createAgentNotFound(agentId);
  return new ConnectError(thrown.message, CODES[thrown.code] ?? Code.Internal, undefined, undefined, thrown);
}
