import { create } from "@bufbuild/protobuf";
import { type Agent, AgentSchema, AgentStatus } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { AgentCollection } from "../../../src/daemon/directory/agent-collection.ts";
import type { SimulatedRandom } from "../../../src/testing/index.ts";

/** What became of an id last. */
export interface Fact {
  /** The agent. Undefined: deleted. */
  readonly agent: Agent | undefined;
  /** The revision of its last change. */
  readonly revision: number;
  /** The revision since which there has been an agent of this id. */
  readonly liveSince: number;
}

const STATUSES = [AgentStatus.IDLE, AgentStatus.RUNNING, AgentStatus.ERROR] as const;

/** What is true about the agents of a world, written down beside the collection, and whoever changes both. */
export class Truth {
  /** By id, in the present lifetime of the collection. */
  readonly facts = new Map<string, Fact>();
  readonly ids: readonly string[];
  private readonly random: SimulatedRandom;
  private collection: AgentCollection;
  private changes = 0;

  constructor(random: SimulatedRandom, collection: AgentCollection, idCount: number) {
    this.random = random;
    this.collection = collection;
    this.ids = Array.from({ length: idCount }, (_, index) => `agent-${index}`);
    for (const id of this.ids) if (random.chance(0.7)) this.put(id);
  }

  /** The lifetime of the collection. */
  get epoch(): string {
    return this.collection.epoch;
  }

  /** The revision of the last change. */
  get revision(): number {
    return this.collection.revision;
  }

  /** The daemon was started again: what there was goes into another collection. */
  moveTo(collection: AgentCollection): void {
    const agents = [...this.facts.values()].map(({ agent }) => agent).filter((agent) => agent !== undefined);
    this.collection = collection;
    this.facts.clear();
    for (const agent of agents) this.store(agent);
  }

  /** Changes something. @param hotIds How many of the ids it may be about. */
  change(hotIds: number): void {
    const id = this.ids[this.random.int(Math.min(hotIds, this.ids.length))] ?? "";
    if (this.random.chance(0.15)) this.delete(id);
    else this.put(id);
  }

  private put(id: string): void {
    const { random } = this;
    this.changes += 1;
    const title = `${this.changes} ${"t".repeat(random.chance(0.05) ? random.int(2_000) : random.int(60))}`;
    const status = random.pick(STATUSES);
    const updatedAt = { seconds: BigInt(this.changes) };
    this.store(create(AgentSchema, { id, title, status, updatedAt, providerId: random.pick(["command", "acp"]) }));
  }

  private store(agent: Agent): void {
    const before = this.facts.get(agent.id);
    const revision = this.collection.put(agent.id, agent);
    const liveSince = before?.agent === undefined ? revision : before.liveSince;
    this.facts.set(agent.id, { agent, revision, liveSince });
  }

  private delete(id: string): void {
    const revision = this.collection.delete(id);
    if (revision !== undefined) this.facts.set(id, { agent: undefined, revision, liveSince: revision });
  }
}
