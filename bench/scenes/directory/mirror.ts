import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { WatchAgentsResponse } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { Digest, type Hash64, hashId, hashRevision } from "../../../src/wire/collection-digest.ts";

interface MirrorEntry {
  readonly agent: Agent;
  readonly idHash: Hash64;
  readonly hash: Hash64;
}

/** The smallest honest copy of a directory: all agents by their ids, checked with the digest of each mark. */
export class DirectoryMirror {
  private agents = new Map<string, MirrorEntry>();
  private digest = new Digest();

  /** How many agents it has. */
  get size(): number {
    return this.agents.size;
  }

  /** Takes a piece of a watch. @throws Error where a mark says that the copy is none. */
  apply({ event }: WatchAgentsResponse): void {
    if (event.case === "snapshotBegan") {
      this.agents = new Map();
      this.digest = new Digest();
    } else if (event.case === "agentsChanged") {
      for (const { agent, revision } of event.value.upserted)
        if (agent !== undefined) this.put(agent, Number(revision));
      for (const id of event.value.removedIds) this.remove(id);
    } else if (event.case === "mark" && event.value.digest !== undefined) {
      if (event.value.digest !== this.digest.value) throw new Error("the mirror is not what the daemon has");
    }
  }

  private put(agent: Agent, revision: number): void {
    const before = this.agents.get(agent.id);
    if (before !== undefined) this.digest.subtract(before.hash);
    const idHash = before?.idHash ?? hashId(agent.id).hash;
    const hash = hashRevision(idHash, revision);
    this.digest.add(hash);
    this.agents.set(agent.id, { agent, idHash, hash });
  }

  private remove(id: string): void {
    const before = this.agents.get(id);
    if (before === undefined) return;
    this.digest.subtract(before.hash);
    this.agents.delete(id);
  }
}
