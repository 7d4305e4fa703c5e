import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import {
  AgentDirectoryService,
  ArchivedFilter,
  type DirectoryCursor,
  type WatchAgentsResponse,
} from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import type { DaemonClient } from "../../client/daemon-client.ts";
import { isConnected } from "../../client/selectors.ts";
import type { DirectoryView, Presentation } from "../model/console-model.ts";
import { createState } from "../model/source.ts";
import { toProblem } from "../model/to-problem.ts";
import { follow } from "./follow.ts";

/** The agents of a host, kept by a watch. A snapshot takes their place as a whole, at its mark. */
export class LiveDirectory {
  readonly view = createState<DirectoryView>({ presentation: "overlay", sync: "idle", agents: [], creations: [] });
  private readonly client: DaemonClient;
  private shown = new Map<string, Agent>();
  private shadow: Map<string, Agent> | undefined;
  private cursor: DirectoryCursor | undefined;
  private archived: ArchivedFilter = ArchivedFilter.UNSPECIFIED;
  private running = new AbortController();

  constructor(client: DaemonClient) {
    this.client = client;
  }

  /** Watches from now on; a watch before is ended. */
  start(): void {
    this.running.abort();
    this.running = new AbortController();
    this.publish(this.cursor === undefined ? "initial_loading" : "revalidating");
    void follow<WatchAgentsResponse>({
      client: this.client,
      signal: this.running.signal,
      open: (signal) => this.open(signal),
      take: (piece) => this.take(piece),
      cut: () => {
        this.shadow = undefined;
      },
      failed: (error) => {
        const hasData = this.cursor !== undefined;
        const problem = toProblem(error);
        const sync = hasData ? "error_after_ready" : "error_before_first_success";
        this.view.set({
          ...this.view.getSnapshot(),
          sync,
          problem,
          presentation: hasData ? "error_badge" : "error_screen",
        });
      },
    });
  }

  /** Whether archived agents are watched too. */
  showArchived(isShown: boolean): void {
    this.archived = isShown ? ArchivedFilter.INCLUDED : ArchivedFilter.UNSPECIFIED;
    this.start();
  }

  /** The connection has come, or gone. */
  connectionChanged(): void {
    this.publish(this.view.getSnapshot().sync);
  }

  /** Ends the watch. */
  stop(): void {
    this.running.abort();
  }

  private open(signal: AbortSignal): AsyncIterable<WatchAgentsResponse> {
    const { cursor, archived } = this;
    const request = { filter: { archived }, ...(cursor === undefined ? {} : { cursor }) };
    return this.client.service(AgentDirectoryService).watchAgents(request, { signal });
  }

  private take({ event }: WatchAgentsResponse): void {
    if (event.case === "snapshotBegan") this.shadow = new Map();
    if (event.case === "agentsChanged") {
      const target = this.shadow ?? this.shown;
      for (const { agent } of event.value.upserted) if (agent !== undefined) target.set(agent.id, agent);
      for (const id of event.value.removedIds) target.delete(id);
      if (this.shadow === undefined) this.publish("ready");
    }
    if (event.case !== "mark") return;
    this.shown = this.shadow ?? this.shown;
    this.shadow = undefined;
    this.cursor = event.value.cursor;
    this.publish("ready");
  }

  private publish(sync: string): void {
    const { creations } = this.view.getSnapshot();
    this.view.set({ presentation: this.presentation, sync, agents: [...this.shown.values()], creations });
  }

  private get presentation(): Presentation {
    if (this.cursor === undefined) return "overlay";
    return isConnected(this.client.state) ? "none" : "reconnecting_badge";
  }
}
