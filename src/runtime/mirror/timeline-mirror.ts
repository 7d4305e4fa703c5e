import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type TimelineItem, TimelineItemSchema } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import {
  type ListTimelineResponse,
  type TimelineCursor,
  TimelineCursorSchema,
  TimelineService,
  type WatchTimelineResponse,
} from "../../../gen/moorline/agent/v1/timeline_service_pb.ts";
import type { SyncState } from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import { generalCodec } from "../../rpc/message-format.ts";
import { Listeners, type Source } from "../source.ts";
import type { StoredMirror } from "../storage/mirror-storage.ts";
import type { OwnedAgentTimeline, TimelineItems } from "./agent-timeline.ts";
import { EarlierPages } from "./earlier-pages.ts";
import { KeptTail } from "./kept-tail.ts";
import { type MirrorHost, type MirrorMetrics, reportTo, type StopOptions } from "./mirror-host.ts";
import { MirrorLife, type MirrorWork } from "./mirror-life.ts";
import type { CursorPosition } from "./save-order.ts";
import { TimelineWindow, type WindowChange } from "./timeline-window.ts";

const codec = generalCodec(TimelineItemSchema);

/** A piece of what follows a timeline: where there is no cursor first a page, from the end; then events. */
export type TimelinePiece =
  | { readonly kind: "page"; readonly page: ListTimelineResponse }
  | { readonly kind: "event"; readonly event: WatchTimelineResponse["event"] };

/** How much a timeline shows. */
export interface TimelineSizes {
  /** How many items a page has. */
  readonly pageSize: number;
  /** The most items that are shown. */
  readonly maxItems: number;
}

/** The mirror of a timeline. Made by `createAgentTimeline`. */
export class TimelineMirror implements OwnedAgentTimeline, MirrorWork<TimelinePiece, TimelineItem> {
  readonly agentId: string;
  readonly buildsOn = "own";
  readonly sync: Source<SyncState>;
  readonly items: Source<TimelineItems>;
  private readonly host: MirrorHost;
  private readonly pageSize: number;
  private readonly life: MirrorLife<TimelinePiece, TimelineItem>;
  private readonly window: TimelineWindow;
  private readonly pages: EarlierPages;
  private readonly tail = new KeptTail();
  private readonly listeners: Listeners;
  /** Made when it is asked for. */
  private snapshot: TimelineItems | undefined = undefined;
  /** What the present watch began with. */
  private opening: "page" | "cursor" = "page";

  constructor(host: MirrorHost, agentId: string, { pageSize, maxItems }: TimelineSizes) {
    this.host = host;
    this.agentId = agentId;
    this.pageSize = pageSize;
    this.window = new TimelineWindow(maxItems);
    this.listeners = new Listeners(reportTo(host));
    this.life = new MirrorLife(host, this);
    this.pages = new EarlierPages({
      ...{ host, agentId, pageSize, maxItems, window: this.window },
      onChange: () => this.tell(),
      onOtherLog: () => this.life.driver.changedEpoch(),
    });
    this.sync = this.life.driver.source;
    this.items = {
      getSnapshot: () => this.takeSnapshot(),
      subscribe: (listener) => this.listeners.add(listener),
    };
  }

  /** The id of the agent, for logs. */
  get subject(): string {
    return this.agentId;
  }

  get metrics(): MirrorMetrics {
    return this.life.metrics;
  }

  get storageKey(): string {
    return `timeline/${this.agentId}`;
  }

  start(): void {
    this.life.start();
  }

  stop(options?: StopOptions): Promise<void> {
    const { state } = this.pages;
    this.pages.stop();
    const stopped = this.life.stop(options);
    if (state === "loading") this.tell();
    return stopped;
  }

  save(): void {
    this.life.save();
  }

  refresh(): void {
    this.life.refresh();
  }

  async loadEarlier(): Promise<void> {
    if (this.life.isRunning) await this.pages.load();
  }

  async *watch(cursor: Uint8Array, _diverged: boolean, signal: AbortSignal): AsyncGenerator<TimelinePiece, void> {
    const { agentId, pageSize } = this;
    const client = this.host.service(TimelineService);
    let from = cursor.length === 0 ? undefined : readCursor(cursor);
    this.opening = from === undefined ? "page" : "cursor";
    if (from === undefined) {
      const page = await client.listTimeline({ agentId, pageSize }, { signal });
      yield { kind: "page", page };
      from = page.cursor;
    }
    const request = from === undefined ? { agentId } : { agentId, cursor: from };
    for await (const { event } of client.watchTimeline(request, { signal })) yield { kind: "event", event };
  }

  take(piece: TimelinePiece): void {
    if (piece.kind === "page") this.takePage(piece.page);
    else this.takeEvent(piece.event);
  }

  /** Nothing of a timeline is shown before it is whole. */
  cut(): void {}

  dropData(): void {
    this.replace("", [], false);
  }

  encode(item: TimelineItem): Uint8Array {
    return codec.encodeInit?.(item) ?? codec.encode(item);
  }

  positionOf(cursor: Uint8Array): CursorPosition {
    return fromBinary(TimelineCursorSchema, cursor);
  }

  restore({ cursor, entries }: StoredMirror): void {
    const { epoch } = this.positionOf(cursor);
    const items = entries.map(({ id, bytes }) => decodeItem(id, bytes)).sort((a, b) => (a.seq < b.seq ? -1 : 1));
    this.replace(epoch, items, (items[0]?.seq ?? 1n) > 1n);
    this.tail.restored(items);
  }

  private takePage({ items, cursor, hasEarlier }: ListTimelineResponse): void {
    this.life.driver.metrics.snapshots += 1;
    this.replace(cursor?.epoch ?? "", items, hasEarlier);
  }

  private takeEvent(event: WatchTimelineResponse["event"]): void {
    switch (event.case) {
      case "itemAppended":
      case "itemReplaced": {
        const { item } = event.value;
        if (item === undefined) this.life.driver.metrics.unknownPieces += 1;
        else this.changed(item.seq, this.window.put(item));
        break;
      }
      case "textAppended":
        this.changed(event.value.seq, this.window.grow(event.value));
        break;
      case "epochChanged":
        this.changeEpoch(event.value.epoch);
        break;
      case "mark":
        this.takeMark(event.value.cursor);
        break;
      default:
        this.life.driver.metrics.unknownPieces += 1;
    }
  }

  private changed(seq: bigint, change: WindowChange): void {
    if (change !== "changed") return;
    const item = this.window.find(seq);
    if (item !== undefined) this.tail.changed(item, this.life.keeper);
    this.tell();
  }

  /** What is shown belongs to no log any more. Of another one its end is enough; where that was asked for, all of it comes. */
  private changeEpoch(epoch: string): void {
    this.replace(epoch, [], false);
    if (this.opening === "cursor") this.life.driver.changedEpoch();
  }

  private takeMark(cursor: TimelineCursor | undefined): void {
    if (cursor === undefined) {
      this.life.driver.metrics.unknownPieces += 1;
      return;
    }
    this.tail.mark(cursor, this.window.items, this.life.keeper);
    this.life.driver.synced(toBinary(TimelineCursorSchema, cursor));
  }

  private replace(epoch: string, items: readonly TimelineItem[], hasEarlier: boolean): void {
    const isEmpty = items.length === 0 && this.window.items.length === 0;
    this.window.show(epoch, items, hasEarlier);
    this.tail.replaced();
    if (!isEmpty) this.tell();
  }

  private takeSnapshot(): TimelineItems {
    const { window, pages } = this;
    this.snapshot ??= { items: window.items.slice(), hasEarlier: window.hasEarlier, earlier: pages.state };
    return this.snapshot;
  }

  private tell(): void {
    this.snapshot = undefined;
    this.listeners.notify();
  }
}

/** A cursor as the daemon knows it: a stored one has more in it. */
function readCursor(bytes: Uint8Array): TimelineCursor {
  const { epoch, revision } = fromBinary(TimelineCursorSchema, bytes);
  return create(TimelineCursorSchema, { epoch, revision });
}

function decodeItem(id: string, bytes: Uint8Array): TimelineItem {
  const item = codec.decode(bytes);
  if (`${item.seq}` !== id) throw new Error("an item has another place than it was stored under");
  return item;
}
