import { SnapshotReasonSchema, type WatchAgentsResponse } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { type AgentCollection, createAgentCollection } from "../../../src/daemon/directory/agent-collection.ts";
import { createAgentDirectoryService } from "../../../src/daemon/directory/agent-directory-service.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import { Truth } from "../daemon/truth.ts";
import type { Process } from "../session/process.ts";
import type { HostScene } from "./host-scene.ts";

type Service = ReturnType<typeof createAgentDirectoryService>;

/** The agents of the daemon, in a collection of each process, and whoever changes them. */
export class DaemonAgents {
  readonly truth: Truth;
  /** Watches that were begun. */
  watches = 0;
  private readonly scene: HostScene;
  private readonly random: SimulatedRandom;
  private collection: AgentCollection;
  /** Whether a change is left out, as a daemon with a bug would do it. */
  private omissions: "none yet" | "next" | "done" = "none yet";

  constructor(scene: HostScene) {
    this.scene = scene;
    this.random = scene.random.fork();
    this.collection = createAgentCollection({ clock: scene.clock, random: this.random.fork() });
    this.truth = new Truth(this.random.fork(), this.collection, scene.plan.agents);
  }

  /** A process has what the one before had, in a collection of its own. */
  restart({ clock }: Process): void {
    this.collection = createAgentCollection({ clock, random: this.random.fork() });
    this.truth.moveTo(this.collection);
    this.omissions = "none yet";
  }

  /** Something changes, where there is something. */
  change(): void {
    if (this.truth.ids.length > 0) this.truth.change(this.truth.ids.length);
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
      } else yield piece;
    }
  }
}
