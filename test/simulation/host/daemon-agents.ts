import { SnapshotReasonSchema, type WatchAgentsResponse } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { type AgentCollection, createAgentCollection } from "../../../src/daemon/directory/agent-collection.ts";
import { createAgentDirectoryService } from "../../../src/daemon/directory/agent-directory-service.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import { Truth } from "../daemon/truth.ts";
import type { Process } from "../session/process.ts";
import type { HostPlan } from "./host-plan.ts";
import type { HostScene } from "./host-scene.ts";

type Service = ReturnType<typeof createAgentDirectoryService>;

/** What the agents of a daemon need of their world. */
export interface AgentsScene extends Pick<HostScene, "clock" | "random" | "judge" | "agents"> {
  readonly plan: Pick<HostPlan, "agents">;
}

/** The agents of the daemon, in a collection of each process, and whoever changes them. */
export class DaemonAgents {
  readonly truth: Truth;
  /** Watches that were begun. */
  watches = 0;
  private readonly scene: AgentsScene;
  private readonly random: SimulatedRandom;
  private collection: AgentCollection;
  /** Whether a change is left out, as a daemon with a bug would do it. */
  private omissions: "none yet" | "next" | "done" = "none yet";

  constructor(scene: AgentsScene) {
    this.scene = scene;
    this.random = scene.random.fork();
    this.collection = createAgentCollection({ clock: scene.clock, random: this.random.fork() });
    this.truth = new Truth(this.random.fork(), this.collection, scene.plan.agents);
    scene.agents.note(this.truth);
  }

  /** A process has what the one before had, in a collection of its own. */
  restart({ clock }: Process): void {
    this.collection = createAgentCollection({ clock, random: this.random.fork() });
    this.truth.moveTo(this.collection);
    this.scene.agents.note(this.truth);
    this.omissions = "none yet";
  }

  /** Something changes, where there is something. */
  change(): void {
    if (this.truth.ids.length === 0) return;
    this.truth.change(this.truth.ids.length);
    this.scene.agents.note(this.truth);
  }

  /** Leaves out the next change for whoever is told of it, so that digests no longer agree: once for each process. */
  omitNext(): void {
    if (this.omissions === "none yet") this.omissions = "next";
  }

  /** Omits nothing any more. */
  heal(): void {
    this.omissions = "done";
  }

  /** The directory as the daemon serves it. */
  createService(): Service {
    const service = createAgentDirectoryService(this.collection);
    return {
      ...service,
      watchAgents: (request, context) => {
        this.watches += 1;
        const pieces = service.watchAgents(request, context) as AsyncIterable<WatchAgentsResponse>;
        return this.pass(pieces, request.cursor !== undefined);
      },
    };
  }

  private async *pass(
    pieces: AsyncIterable<WatchAgentsResponse>,
    hasCursor: boolean,
  ): AsyncGenerator<WatchAgentsResponse> {
    const { facts } = this.scene.judge;
    const { epoch } = this.collection;
    let isFirst = true;
    for await (const piece of pieces) {
      const { event } = piece;
      if (event.case === "snapshotBegan")
        facts.count(`snapshot ${SnapshotReasonSchema.value[event.value.reason]?.localName}`);
      else if (isFirst && hasCursor) facts.count("mirrors went on from their cursor");
      isFirst = false;
      if (event.case === "agentsChanged" && this.omissions === "next") {
        this.omissions = "done";
        facts.count("changes omitted");
        const { upserted, removedIds } = event.value;
        this.scene.agents.forget(epoch, [...upserted.map(({ agent }) => agent?.id ?? ""), ...removedIds]);
      } else yield piece;
    }
  }
}
