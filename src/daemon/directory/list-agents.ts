import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import {
  type ListAgentsRequest,
  type ListAgentsResponse,
  ListAgentsResponseSchema,
} from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import type { AgentCollection } from "./agent-collection.ts";
import { resolveAgentFilter } from "./agent-filter.ts";
import { createPageToken, readPageToken } from "./page-token.ts";

/** How many agents a page has where its request does not say. Spec: DIR-19. */
const DEFAULT_PAGE_SIZE = 100;
/** The most agents of a page. Spec: DIR-19. */
const MAX_PAGE_SIZE = 1_000;
/** The most bytes of a page, unless a single agent is larger. Spec: DIR-19. */
const MAX_PAGE_BYTES = 1024 * 1024;

/**
 * A page of agents, the one that changed last first. Costs what lies before the page, too.
 * @throws ConnectError INVALID_ARGUMENT for a token that cannot be used, or a filter that asks for too much.
 */
export function listAgents(collection: AgentCollection, request: ListAgentsRequest): ListAgentsResponse {
  const filter = resolveAgentFilter(request.filter);
  const { epoch, revision: newest } = collection;
  const end = { epoch, filterHash: filter.hash, revision: newest };
  const below = request.pageToken === "" ? undefined : readPageToken(request.pageToken, end);
  const pageSize = Math.min(request.pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
  const agents: Agent[] = [];
  let bytes = 0;
  let last = 0;
  for (const { value, revision } of collection.newestFirst(below)) {
    if (!filter.matches(value)) continue;
    bytes += collection.bytesOf(value).length;
    const isFull = agents.length >= pageSize || bytes > MAX_PAGE_BYTES;
    if (isFull && agents.length > 0)
      return respond({ agents, nextPageToken: createPageToken({ ...end, revision: last }) });
    agents.push(value);
    last = revision;
  }
  return respond({ agents });
}

function respond(page: MessageInitShape<typeof ListAgentsResponseSchema>): ListAgentsResponse {
  return create(ListAgentsResponseSchema, page);
}
