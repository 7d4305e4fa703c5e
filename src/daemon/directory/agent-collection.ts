import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { type CollectionOptions, VersionedCollection } from "../../server/collection/versioned-collection.ts";
import { agentToBytes } from "./agent-bytes.ts";

/** The agents of a daemon, by their ids. */
export type AgentCollection = VersionedCollection<Agent>;

/** Makes a collection of agents, empty. */
export function createAgentCollection(options: Omit<CollectionOptions<Agent>, "sizeOf">): AgentCollection {
  return new VersionedCollection({ ...options, sizeOf: sizeOfAgent });
}

/** What an agent takes in a message, in bytes. */
export function sizeOfAgent(agent: Agent): number {
  return agentToBytes(agent).length;
}
