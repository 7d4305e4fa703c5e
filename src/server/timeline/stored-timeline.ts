import { MoorlineError } from "../../wire/moorline-error.ts";
import { deletedError } from "./log-draft.ts";
import { type RecentItems, toRecentItems } from "./recent-items.ts";
import type { LogChange, LogHead, TimelineBackend } from "./timeline-backend.ts";
import { readPage } from "./timeline-page.ts";
import type {
  AppendOptions,
  PageRequest,
  TimelineCursor,
  TimelineEvent,
  TimelineLog,
  TimelinePage,
  TimelinePosition,
} from "./timeline-store.ts";
import type { TimelineTurn, TurnLog } from "./timeline-turn.ts";
import { TimelineWatch, type WatchedLog } from "./timeline-watch.ts";

/** What the logs of a store share. */
export interface TimelineShared {
  readonly backend: TimelineBackend;
  readonly turn: TimelineTurn;
  /** Milliseconds since 1970. */
  readonly wallNow: () => number;
}

const encoder = new TextEncoder();

/** A log of a store, over whichever backend. */
export class StoredTimeline implements TimelineLog, TurnLog, WatchedLog {
  head: LogHead;
  phase: "new" | "live" | "deleted";
  recent: RecentItems | undefined = undefined;
  private readonly shared: TimelineShared;
  private readonly watches = new Set<TimelineWatch>();

  /** @param shared The store. @param head The log. @param phase Whether it has yet to be made. */
  constructor(shared: TimelineShared, head: LogHead, phase: "new" | "live") {
    this.shared = shared;
    this.head = head;
    this.phase = phase;
  }

  get name(): string {
    return this.head.name;
  }

  get epoch(): string {
    return this.head.epoch;
  }

  get lastSeq(): number {
    return this.head.lastSeq;
  }

  get record(): Uint8Array {
    return this.head.record;
  }

  get cursor(): TimelineCursor {
    return { epoch: this.head.epoch, revision: this.head.revision };
  }

  get backend(): TimelineBackend {
    return this.shared.backend;
  }

  async append(payload: Uint8Array, options: AppendOptions = {}): Promise<TimelinePosition> {
    const { text = "", createdAtMs = this.shared.wallNow() } = options;
    if (!Number.isFinite(createdAtMs)) {
      throw new MoorlineError("OPTION_INVALID", "createdAtMs must be a number of milliseconds.");
    }
    const bytes = encoder.encode(text);
    return this.change((draft) => draft.append(payload, bytes, createdAtMs));
  }

  async appendText(seq: number, text: string): Promise<TimelinePosition> {
    const bytes = encoder.encode(text);
    return this.change((draft) => draft.appendText(seq, bytes));
  }

  async replace(seq: number, payload: Uint8Array, text = ""): Promise<TimelinePosition> {
    const bytes = encoder.encode(text);
    return this.change((draft) => draft.replace(seq, payload, bytes));
  }

  async setRecord(record: Uint8Array): Promise<void> {
    await this.change((draft) => draft.setRecord(record));
  }

  /** Deletes the log with the turn. */
  delete(): Promise<TimelinePosition> {
    return this.change((draft) => draft.delete());
  }

  /** Makes the log with the turn. */
  make(): Promise<TimelinePosition> {
    return this.shared.turn.add(this, () => ({ seq: 0, revision: 0 }));
  }

  page(request: PageRequest = {}): TimelinePage {
    this.assertLives();
    return readPage(this.backend, this.head, request);
  }

  watch(cursor?: TimelineCursor): AsyncIterableIterator<TimelineEvent, undefined> {
    this.assertLives();
    return new TimelineWatch(this, cursor);
  }

  committed(change: LogChange): void {
    const { head, fate } = change;
    // Where nobody follows the log, nothing is held for anybody.
    this.recent = this.watches.size === 0 ? undefined : toRecentItems(this.head.revision, change);
    this.head = head;
    this.phase = fate === "deleted" ? "deleted" : "live";
    if (fate === "deleted") this.endWatches();
    else for (const watch of this.watches) watch.wake();
  }

  join(watch: TimelineWatch): void {
    this.watches.add(watch);
  }

  leave(watch: TimelineWatch): void {
    this.watches.delete(watch);
    if (this.watches.size === 0) this.recent = undefined;
  }

  /** Ends everybody who follows the log. */
  endWatches(): void {
    for (const watch of this.watches) watch.end();
  }

  private change(change: Parameters<TimelineTurn["add"]>[1]): Promise<TimelinePosition> {
    if (this.phase === "deleted") return Promise.reject(deletedError(this.name));
    return this.shared.turn.add(this, change);
  }

  private assertLives(): void {
    this.shared.turn.assertOpen();
    if (this.phase === "deleted") throw deletedError(this.name);
  }
}
