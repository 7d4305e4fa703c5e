import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import {
  type AgentDirectoryService,
  type GetAgentResponse,
  GetAgentResponseSchema,
  type WatchAgentsRequest,
  type WatchAgentsResponse,
} from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { CallOutcome, Limit, LimitExceededSchema } from "../../../gen/moorline/session/v1/error_pb.ts";
import type { Piece } from "../../server/collection/piece.ts";
import { watchPieces } from "../../server/collection/watch-pieces.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import type { AgentCollection } from "./agent-collection.ts";
import { resolveAgentFilter } from "./agent-filter.ts";
import { createAgentNotFound } from "./agent-not-found.ts";
import { listAgents } from "./list-agents.ts";
import { pieceToResponse, toCollectionCursor } from "./watch-response.ts";

/** The directory of a daemon, over its agents. Spec: DIR. */
export function createAgentDirectoryService(agents: AgentCollection): ServiceImpl<typeof AgentDirectoryService> {
  return {
    listAgents: (request) => listAgents(agents, request),
    getAgent: ({ agentId }) => getAgent(agents, agentId),
    watchAgents: (request, context) => watchAgents(agents, request, context),
  };
}

function getAgent(agents: AgentCollection, agentId: string): GetAgentResponse {
  const agent = agents.get(agentId);
  if (agent === undefined) throw createAgentNotFound(agentId);
  return create(GetAgentResponseSchema, { agent });
}

async function* watchAgents(
  agents: AgentCollection,
  { filter, cursor, diverged }: WatchAgentsRequest,
  { signal }: HandlerContext,
): AsyncGenerator<WatchAgentsResponse, void> {
  const start = {
    filter: resolveAgentFilter(filter),
    cursor: cursor === undefined ? undefined : toCollectionCursor(cursor),
    diverged,
  };
  const pieces = watchPieces(agents, start, signal);
  try {
    for await (const piece of pieces) yield pieceToResponse(piece satisfies Piece<Agent>);
  } catch (thrown) {
    throw toWatchError(thrown, agents.maxWatches);
  }
}

/** Too many watches are a limit, and nothing that has broken. Spec: DIR-15. */
function toWatchError(thrown: unknown, maxWatches: number): unknown {
  if (!(thrown instanceof MoorlineError) || thrown.code !== "OVERLOADED") return thrown;
  const value = { limit: Limit.WATCHES, max: BigInt(maxWatches), outcome: CallOutcome.NOT_SENT };
  const detail = { desc: LimitExceededSchema, value };
  return new ConnectError(thrown.message, Code.ResourceExhausted, undefined, [detail], thrown);
}
