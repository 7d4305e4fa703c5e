import { Code, ConnectError } from "@connectrpc/connect";
import type { TimelineItem } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import {
  type TimelineCursor,
  TimelineService,
  type WatchTimelineResponse,
} from "../../../gen/moorline/agent/v1/timeline_service_pb.ts";
import type { DaemonClient } from "../../client/daemon-client.ts";
import type { Presentation, TimelineView } from "../model/console-model.ts";
import { createState, type Source } from "../model/source.ts";
import { toProblem } from "../model/to-problem.ts";
import { follow } from "./follow.ts";

const PAGE_SIZE = 500;

/** The timeline of an agent: its last page, then what comes. It is followed while somebody listens. */
export class LiveTimeline {
  readonly source: Source<TimelineView>;
  private readonly state = createState<TimelineView>({
    presentation: "overlay",
    sync: "idle",
    items: [],
    hasEarlier: false,
  });
  private readonly client: DaemonClient;
  private readonly agentId: string;
  private readonly items = new Map<bigint, TimelineItem>();
  private cursor: TimelineCursor | undefined;
  private hasEarlier = false;
  private listeners = 0;
  private running = new AbortController();

  constructor(client: DaemonClient, agentId: string) {
    this.client = client;
    this.agentId = agentId;
    this.source = { getSnapshot: this.state.getSnapshot, subscribe: (listener) => this.subscribe(listener) };
  }

  /** Loads the page before the first item. */
  async loadEarlier(): Promise<void> {
    const [first] = this.state.getSnapshot().items;
    if (first !== undefined) await this.loadPage(first.seq);
    this.publish();
  }

  private subscribe(listener: () => void): () => void {
    const unsubscribe = this.state.subscribe(listener);
    this.listeners += 1;
    if (this.listeners === 1) this.start();
    return () => {
      unsubscribe();
      this.listeners -= 1;
      if (this.listeners === 0) this.running.abort();
    };
  }

  private start(): void {
    this.running = new AbortController();
    const { signal } = this.running;
    void follow<WatchTimelineResponse>({
      client: this.client,
      signal,
      open: () => this.watch(signal),
      take: (piece) => this.take(piece),
      cut: () => {},
      failed: (error) => this.fail(error),
    });
  }

  private async *watch(signal: AbortSignal): AsyncGenerator<WatchTimelineResponse> {
    if (this.cursor === undefined) await this.loadPage(undefined);
    this.publish();
    const request = { agentId: this.agentId, ...(this.cursor === undefined ? {} : { cursor: this.cursor }) };
    yield* this.client.service(TimelineService).watchTimeline(request, { signal });
  }

  private async loadPage(before: bigint | undefined): Promise<void> {
    const position = before === undefined ? {} : { position: { case: "beforeSeq" as const, value: before } };
    const request = { agentId: this.agentId, pageSize: PAGE_SIZE, ...position };
    const page = await this.client.service(TimelineService).listTimeline(request);
    for (const item of page.items) this.put(item);
    this.hasEarlier = page.hasEarlier;
    this.cursor ??= page.cursor;
  }

  private take({ event }: WatchTimelineResponse): void {
    if (event.case === "itemAppended" || event.case === "itemReplaced") this.put(event.value.item);
    if (event.case === "epochChanged") this.items.clear();
    if (event.case === "mark") this.cursor = event.value.cursor;
    if (event.case === "textAppended") this.grow(event.value);
    this.publish();
  }

  private put(item: TimelineItem | undefined): void {
    if (item === undefined || (this.items.get(item.seq)?.revision ?? -1n) >= item.revision) return;
    this.items.set(item.seq, item);
  }

  private grow({ seq, offset, text, revision }: { seq: bigint; offset: bigint; text: string; revision: bigint }): void {
    const item = this.items.get(seq);
    if (item === undefined || item.revision >= revision) return;
    const { content } = item;
    if (content.case !== "assistantMessage" && content.case !== "reasoning") return;
    const known = new TextEncoder().encode(content.value.text).subarray(0, Number(offset));
    const value = { ...content.value, text: new TextDecoder().decode(known) + text };
    this.items.set(seq, { ...item, revision, content: { ...content, value } as TimelineItem["content"] });
  }

  private publish(): void {
    const items = [...this.items.values()].sort((one, other) => (one.seq < other.seq ? -1 : 1));
    this.state.set({ presentation: "none", sync: "ready", items, hasEarlier: this.hasEarlier });
  }

  private fail(error: unknown): void {
    const isGone = ConnectError.from(error).code === Code.NotFound;
    const presentation: Presentation = isGone ? "not_found" : this.items.size > 0 ? "error_badge" : "error_screen";
    this.state.set({
      ...this.state.getSnapshot(),
      presentation,
      sync: isGone ? "gone" : "error",
      problem: toProblem(error),
    });
  }
}
