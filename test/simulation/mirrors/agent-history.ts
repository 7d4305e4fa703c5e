import type { Truth } from "../daemon/truth.ts";

/** What an agent was called at a revision. Without a title: it was not there. */
export interface AgentVersion {
  readonly revision: bigint;
  readonly title: string | undefined;
}

/** Everything that was ever true of the agents of a daemon, lifetime by lifetime of its directory. */
export class AgentHistory {
  private readonly epochs = new Map<string, Map<string, AgentVersion[]>>();
  /** Epochs and ids of which not everybody was told the truth. */
  private readonly unknown = new Set<string>();

  /** Writes down what has changed since the last time. */
  note({ epoch, facts }: Truth): void {
    const agents = this.epochs.get(epoch) ?? new Map<string, AgentVersion[]>();
    this.epochs.set(epoch, agents);
    for (const [id, { agent, revision }] of facts) {
      if (this.unknown.has(`${epoch} ${id}`)) continue;
      const versions = agents.get(id) ?? [];
      agents.set(id, versions);
      if (versions.at(-1)?.revision === BigInt(revision)) continue;
      versions.push({ revision: BigInt(revision), title: agent?.title });
    }
  }

  /** A change was kept from somebody: nothing is known of what these agents are for anybody, in this lifetime. */
  forget(epoch: string, ids: readonly string[]): void {
    for (const id of ids) {
      this.epochs.get(epoch)?.delete(id);
      this.unknown.add(`${epoch} ${id}`);
    }
  }

  /** Whether a directory has ever had this epoch. */
  knows(epoch: string): boolean {
    return this.epochs.has(epoch);
  }

  /** The versions of each agent, the oldest first. */
  of(epoch: string): ReadonlyMap<string, readonly AgentVersion[]> {
    return this.epochs.get(epoch) ?? new Map();
  }
}
