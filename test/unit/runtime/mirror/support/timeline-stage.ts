import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ConnectError, type HandlerContext } from "@connectrpc/connect";
import type { TimelineItem } from "../../../../../gen/moorline/agent/v1/timeline_pb.ts";
import {
  type ListTimelineRequest,
  ListTimelineRequestSchema,
  type ListTimelineResponse,
  ListTimelineResponseSchema,
  TimelineService,
  type WatchTimelineRequest,
  WatchTimelineRequestSchema,
  type WatchTimelineResponse,
  WatchTimelineResponseSchema,
} from "../../../../../gen/moorline/agent/v1/timeline_service_pb.ts";
import { createAgentNotFound } from "../../../../../src/daemon/directory/agent-not-found.ts";
import { encodeItem } from "../../../../../src/daemon/timeline/timeline-item.ts";
import { createTimelineService } from "../../../../../src/daemon/timeline/timeline-service.ts";
import type { AgentTimelineOptions, OwnedAgentTimeline } from "../../../../../src/runtime/mirror/agent-timeline.ts";
import { createAgentTimeline } from "../../../../../src/runtime/mirror/create-agent-timeline.ts";
import type { MirrorStorage } from "../../../../../src/runtime/storage/mirror-storage.ts";
import { createMemoryTimelineStore, type TimelineLog, type TimelineStore } from "../../../../../src/server/index.ts";
import { SimulatedRandom } from "../../../../../src/testing/index.ts";
import { cancelled, channelLost, FakeHost } from "./fake-host.ts";

/** The text of an item. */
export function textOf({ content }: TimelineItem): string {
  const { value } = content as { value?: { text?: string } };
  return value?.text ?? "";
}

/** A timeline on the daemon's own log and service, without a channel between them. */
export class TimelineStage {
  readonly host: FakeHost;
  readonly timeline: OwnedAgentTimeline;
  readonly watches: WatchTimelineRequest[] = [];
  readonly lists: ListTimelineRequest[] = [];
  store: TimelineStore;
  log!: TimelineLog;
  mood: "answering" | ConnectError = "answering";
  /** Each page, and each refusal of one, waits for it before it comes, but after the log was asked. */
  gate: Promise<void> = Promise.resolve();
  private readonly open = new Set<AbortController>();
  private seed = 1;

  private constructor(options: AgentTimelineOptions, storage: MirrorStorage | undefined) {
    this.host = new FakeHost(storage);
    this.host.clients.set(TimelineService.typeName, {
      listTimeline: (request: object, { signal }: { signal: AbortSignal }) => this.list(request, signal),
      watchTimeline: (request: object, { signal }: { signal: AbortSignal }) => this.watch(request, signal),
    });
    this.store = this.createStore();
    this.timeline = createAgentTimeline(this.host, "agent", options);
  }

  /** A stage whose log has so many items, `1`, `2`, and so on. */
  static async create(count = 0, options: AgentTimelineOptions = {}, storage?: MirrorStorage): Promise<TimelineStage> {
    const stage = new TimelineStage(options, storage);
    await stage.openLog();
    await stage.append(...Array.from({ length: count }, (_, i) => `${i + 1}`));
    return stage;
  }

  get state(): string {
    return this.timeline.sync.getSnapshot().state.case ?? "";
  }

  /** The texts that are shown. */
  get texts(): string[] {
    return this.timeline.items.getSnapshot().items.map(textOf);
  }

  async start(): Promise<this> {
    this.timeline.start();
    await this.host.settle();
    return this;
  }

  /** Waits for work of the log, and for what follows from it. */
  async settle<T>(work: Promise<T>): Promise<T> {
    work.catch(() => undefined);
    await this.host.settle();
    return work;
  }

  async append(...texts: string[]): Promise<void> {
    const items = texts.map((text) => {
      const { payload, text: growing } = encodeItem(message(text));
      return this.log.append(payload, { text: growing });
    });
    await this.settle(Promise.all(items));
  }

  async replace(seq: number, text: string): Promise<void> {
    const { payload, text: growing } = encodeItem(message(text));
    await this.settle(this.log.replace(seq, payload, growing));
  }

  /** The channel is lost. */
  cut(): void {
    for (const ending of [...this.open]) ending.abort(channelLost());
  }

  /** The daemon has another log. */
  async forget(): Promise<void> {
    this.store.close();
    this.store = this.createStore();
    await this.openLog();
  }

  private createStore(): TimelineStore {
    return createMemoryTimelineStore({ clock: this.host.clock, random: new SimulatedRandom(this.seed++) });
  }

  private async openLog(): Promise<void> {
    this.log = await this.settle(this.store.open("agent"));
  }

  private get service() {
    return createTimelineService(() => {
      if (this.mood instanceof ConnectError) throw this.mood;
      return this.log;
    });
  }

  private async list(init: object, signal: AbortSignal): Promise<ListTimelineResponse> {
    const request = create(ListTimelineRequestSchema, init);
    this.lists.push(request);
    const { gate } = this;
    try {
      const page = this.service.listTimeline?.(request, { signal } as HandlerContext) as ListTimelineResponse;
      return fromBinary(ListTimelineResponseSchema, toBinary(ListTimelineResponseSchema, page));
    } finally {
      await gate;
    }
  }

  private async *watch(init: object, signal: AbortSignal): AsyncGenerator<WatchTimelineResponse> {
    const request = create(WatchTimelineRequestSchema, init);
    this.watches.push(request);
    const ending = new AbortController();
    this.open.add(ending);
    const context = { signal: AbortSignal.any([signal, ending.signal]) } as HandlerContext;
    try {
      const events = this.service.watchTimeline?.(request, context) as AsyncIterable<WatchTimelineResponse>;
      for await (const event of events) {
        yield fromBinary(WatchTimelineResponseSchema, toBinary(WatchTimelineResponseSchema, event));
      }
      if (signal.aborted) throw cancelled();
      if (ending.signal.aborted) throw ending.signal.reason;
    } finally {
      this.open.delete(ending);
    }
  }
}

/** There is no such agent. */
export const agentNotFound = createAgentNotFound("agent");

function message(text: string): Parameters<typeof encodeItem>[0] {
  return { case: "assistantMessage", value: { text } } as Parameters<typeof encodeItem>[0];
}
