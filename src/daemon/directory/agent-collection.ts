import { type Agent, AgentSchema } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { type CollectionOptions, VersionedCollection } from "../../server/collection/versioned-collection.ts";
import { agentCodecs } from "../agent-codecs.ts";

interface EncodedAgent {
  readonly agent: Agent;
  readonly bytes: Uint8Array;
}

const { encode } = agentCodecs(AgentSchema);

/** The agents of a daemon, by their ids. Each is encoded once, when somebody is first told of it. */
export class AgentCollection extends VersionedCollection<Agent> {
  private readonly encoded = new Map<string, EncodedAgent>();

  /** @param options Without the size of a value: that of an agent is known. */
  constructor(options: Omit<CollectionOptions<Agent>, "sizeOf">) {
    super({ ...options, sizeOf: (agent) => this.bytesOf(agent).length });
  }

  override delete(id: string): number | undefined {
    this.encoded.delete(id);
    return super.delete(id);
  }

  /** An agent, encoded. What the collection has is encoded once: it does not change. */
  bytesOf(agent: Agent): Uint8Array {
    const known = this.encoded.get(agent.id);
    if (known?.agent === agent) return known.bytes;
    const bytes = encode(agent);
    if (this.get(agent.id) !== agent) return bytes;
    // A copy of its own: what encodes shares memory among messages that are soon gone.
    const kept = bytes.slice();
    this.encoded.set(agent.id, { agent, bytes: kept });
    return kept;
  }
}

/** Makes a collection of agents, empty. */
export function createAgentCollection(options: Omit<CollectionOptions<Agent>, "sizeOf">): AgentCollection {
  return new AgentCollection(options);
}
