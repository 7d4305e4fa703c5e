import { clone, create } from "@bufbuild/protobuf";
import type { Agent, PermissionResolution } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { CreateAgentRequest } from "../../../gen/moorline/agent/v1/agent_service_pb.ts";
import { type StoredAgent, StoredAgentSchema } from "../../../gen/moorline/agent/v1/stored_agent_pb.ts";
import type { TimelineLog } from "../../server/timeline/timeline-store.ts";
import { nodeError } from "../../wire/node-error.ts";
import { agentCodecs } from "../agent-codecs.ts";

const codec = agentCodecs(StoredAgentSchema);
/** How many decisions about permissions are remembered of an agent. Spec: AGENT-19. */
const MAX_RESOLUTIONS = 64;

/** An agent as it begins, and as a daemon keeps it. */
export function createStoredAgent(agent: Agent, request: CreateAgentRequest): StoredAgent {
  return create(StoredAgentSchema, { agent, request });
}

/** What is kept of an agent after something has happened to it. What is given stays as it is. */
export function nextStoredAgent(
  stored: StoredAgent,
  agent: Agent,
  resolutions: readonly PermissionResolution[],
): StoredAgent {
  const all = [...stored.resolutions, ...resolutions].slice(-MAX_RESOLUTIONS);
  return create(StoredAgentSchema, { ...stored, agent, resolutions: all });
}

/** The record of a log. */
export function encodeStoredAgent(stored: StoredAgent): Uint8Array {
  return codec.encode(stored).slice();
}

/** The agent of a log. @throws MoorlineError DATABASE_CORRUPT where its record is none of an agent. */
export function readStoredAgent({ name, record, epoch }: TimelineLog): StoredAgent & { readonly agent: Agent } {
  const stored = parse(record);
  if (stored?.agent === undefined || stored.agent.id !== name) {
    throw nodeError("DATABASE_CORRUPT", `What is kept of the agent ${name} cannot be read.`);
  }
  const agent = clone(StoredAgentSchema, stored).agent as Agent;
  agent.timelineEpoch = epoch;
  return { ...stored, agent };
}

function parse(record: Uint8Array): StoredAgent | undefined {
  try {
    return codec.decode(record);
  } catch {
    return undefined;
  }
}
