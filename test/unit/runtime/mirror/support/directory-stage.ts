import { create } from "@bufbuild/protobuf";
import { ConnectError, type HandlerContext } from "@connectrpc/connect";
import type { Agent } from "../../../../../gen/moorline/agent/v1/agent_pb.ts";
import {
  AgentDirectoryService,
  type WatchAgentsRequest,
  WatchAgentsRequestSchema,
  type WatchAgentsResponse,
} from "../../../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { type AgentCollection, createAgentCollection } from "../../../../../src/daemon/directory/agent-collection.ts";
import { createAgentDirectoryService } from "../../../../../src/daemon/directory/agent-directory-service.ts";
import type { AgentDirectoryOptions, OwnedAgentDirectory } from "../../../../../src/runtime/mirror/agent-directory.ts";
import { createAgentDirectory } from "../../../../../src/runtime/mirror/create-agent-directory.ts";
import type { MirrorStorage } from "../../../../../src/runtime/storage/mirror-storage.ts";
import { SimulatedRandom } from "../../../../../src/testing/index.ts";
import { overTheWire } from "./agents.ts";
import { cancelled, channelLost, FakeHost } from "./fake-host.ts";

/** What the daemon does with a watch: answers, never says a word, or fails it. */
type Mood = "answering" | "silent" | ConnectError;

/** A directory on the daemon's own collection and service, without a channel between them. */
export class DirectoryStage {
  readonly host: FakeHost;
  readonly directory: OwnedAgentDirectory;
  /** The watches that were asked for. */
  readonly requests: WatchAgentsRequest[] = [];
  collection: AgentCollection;
  mood: Mood = "answering";
  /** What is done to each piece before it comes. */
  bend: (piece: WatchAgentsResponse) => WatchAgentsResponse = (piece) => piece;
  private seed = 1;
  private readonly open = new Set<AbortController>();

  constructor(options: AgentDirectoryOptions = {}, storage?: MirrorStorage) {
    this.host = new FakeHost(storage);
    const watchAgents = (request: object, { signal }: { signal: AbortSignal }) => this.watch(request, signal);
    this.host.clients.set(AgentDirectoryService.typeName, { watchAgents });
    this.collection = this.createCollection();
    this.directory = createAgentDirectory(this.host, options);
  }

  get state(): string {
    return this.directory.sync.getSnapshot().state.case ?? "";
  }

  /** The titles that are listed. */
  get titles(): string[] {
    return this.directory.agents.getSnapshot().map(({ title }) => title);
  }

  put(...agents: Agent[]): void {
    for (const agent of agents) this.collection.put(agent.id, agent);
  }

  /** Starts, and lets everything come. */
  async start(): Promise<this> {
    this.directory.start();
    await this.host.settle();
    return this;
  }

  /** The channel is lost. */
  cut(): void {
    for (const ending of [...this.open]) ending.abort(channelLost());
  }

  /** The daemon is started again, with agents that it has kept. */
  restart(...agents: Agent[]): void {
    this.collection = this.createCollection();
    this.put(...agents);
    this.cut();
  }

  private createCollection(): AgentCollection {
    return createAgentCollection({ clock: this.host.clock, random: new SimulatedRandom(this.seed++) });
  }

  private async *watch(init: object, signal: AbortSignal): AsyncGenerator<WatchAgentsResponse> {
    const request = create(WatchAgentsRequestSchema, init);
    this.requests.push(request);
    const ending = new AbortController();
    this.open.add(ending);
    const both = AbortSignal.any([signal, ending.signal]);
    try {
      if (this.mood instanceof ConnectError) throw this.mood;
      if (this.mood === "silent") await new Promise((resolve) => both.addEventListener("abort", resolve));
      const { watchAgents } = createAgentDirectoryService(this.collection);
      const pieces = watchAgents?.(request, { signal: both } as HandlerContext);
      for await (const piece of pieces as AsyncIterable<WatchAgentsResponse>) yield this.bend(overTheWire(piece));
      throw signal.aborted ? cancelled() : ending.signal.reason;
    } finally {
      this.open.delete(ending);
    }
  }
}
