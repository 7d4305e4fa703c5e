import { Batch } from "./batch.ts";
import type { Entry, EntryList } from "./entry-list.ts";
import type { FilteredView } from "./filtered-view.ts";
import type { MarkSchedule } from "./mark-schedule.ts";
import type { CollectionMark, EntriesChanged, Piece, SnapshotBegan, SnapshotCause } from "./piece.ts";

/** What a watch knows of its collection. */
export interface WatchSource<T extends object> {
  /** The lifetime of the collection. */
  readonly epoch: string;
  /** The revision of the last change. 0 before the first. */
  readonly revision: number;
  /** All entries. */
  readonly list: EntryList<T>;
  /** What the value of an entry takes in a message. */
  sizeOf(entry: Entry<T>): number;
  /** The watch has ended. */
  left(watch: CollectionWatch<T>): void;
}

/** How a {@link CollectionWatch} begins. */
export interface WatchStart<T> {
  /** Its filter, with what is known about it. */
  readonly view: FilteredView<T>;
  /** A snapshot, for this reason; or everything above a revision. */
  readonly from: SnapshotCause | number;
  /** When it owes marks. */
  readonly marks: MarkSchedule;
  /** Hears that `next` may have something. May call `next`, must not throw, and must not change the collection. */
  readonly onWake: () => void;
}

/** `snapshot`: up to its mark. `catchingUp`: from a cursor to what there was at the beginning. `following`: live. */
type Phase = "snapshot" | "catchingUp" | "following" | "stopped";

/**
 * One follower of a {@link VersionedCollection}, without input or output: whoever may send asks for the next piece. What
 * changes meanwhile waits in the collection itself, each id once. Spec: DIR.
 */
export class CollectionWatch<T extends object> {
  private readonly source: WatchSource<T>;
  private readonly start: WatchStart<T>;
  private phase: Phase;
  /** The next snapshot's reason, if there is to be one before anything else. */
  private cause: SnapshotCause | undefined;
  /** The first entry that was not given. */
  private waiting: Entry<T> | undefined = undefined;
  /** The mark that ends the phase comes when nothing up to here waits any more. */
  private goal: number;
  /** What a snapshot has not come to before it changed, and was thereby moved behind its end. */
  private readonly owed = new Set<Entry<T>>();

  /** Made by {@link VersionedCollection.watch} only. */
  constructor(source: WatchSource<T>, start: WatchStart<T>) {
    this.source = source;
    this.start = start;
    this.goal = source.revision;
    const { from } = start;
    this.phase = typeof from === "number" ? "catchingUp" : "snapshot";
    this.cause = typeof from === "number" ? undefined : from;
    if (typeof from === "number") this.waiting = source.list.firstAbove(from);
  }

  /** Its filter, with what is known about it. For the collection. */
  get view(): FilteredView<T> {
    return this.start.view;
  }

  /** Entries that wait to be given; costs as much as there are. For tests and tools. */
  countWaiting(): number {
    let count = this.owed.size;
    for (let entry = this.waiting; entry !== undefined; entry = entry.after) count += 1;
    return count;
  }

  /** The next piece. Undefined where there is none now: `onWake` tells when to ask again. */
  next(): Piece<T> | undefined {
    if (this.phase === "stopped") return undefined;
    if (this.cause !== undefined) return this.beginSnapshot(this.cause);
    if (this.phase === "snapshot") return this.takeOfSnapshot() ?? this.giveMark();
    if (this.isMarkDue()) return this.giveMark();
    return this.takeChanges();
  }

  /** Ends the watch: nothing more is given, and `onWake` is not called again. */
  stop(): void {
    if (this.phase === "stopped") return;
    this.phase = "stopped";
    this.waiting = undefined;
    this.owed.clear();
    this.start.marks.stop();
    this.source.left(this);
  }

  /** An entry is about to be moved to the end. For the collection. */
  leaves(entry: Entry<T>): void {
    const { waiting } = this;
    if (waiting === undefined || entry.revision < waiting.revision) return;
    if (this.phase === "snapshot" && entry.revision <= this.goal) this.owed.add(entry);
    if (waiting === entry) this.waiting = entry.after;
  }

  /** A deleted entry is about to be forgotten. For the collection. */
  forgets(entry: Entry<T>): void {
    this.owed.delete(entry);
    const { waiting } = this;
    if (waiting === undefined || entry.revision < waiting.revision) return;
    // It would never be heard of: only a snapshot can leave it out. One under way does, if it began later.
    if (this.phase !== "snapshot" || entry.revision > this.goal) this.cause ??= "cursorExpired";
    if (waiting === entry) this.waiting = entry.after;
  }

  /** An entry was moved to the end. For the collection. */
  arrived(entry: Entry<T>): void {
    if (this.phase !== "stopped") this.waiting ??= entry;
  }

  /** There may be something to give. For the collection. */
  wake(): void {
    if (this.phase !== "stopped") this.start.onWake();
  }

  private beginSnapshot(cause: SnapshotCause): SnapshotBegan {
    const { source, start } = this;
    this.cause = undefined;
    this.phase = "snapshot";
    this.goal = source.revision;
    this.waiting = source.list.first;
    this.owed.clear();
    start.marks.stop();
    return { kind: "snapshotBegan", epoch: source.epoch, total: start.view.total, cause };
  }

  private takeOfSnapshot(): EntriesChanged<T> | undefined {
    const batch = new Batch<T>();
    for (let entry = this.waiting; entry !== undefined && entry.revision <= this.goal; entry = entry.after) {
      if (!this.addMatching(batch, entry)) return batch.toPiece();
      this.waiting = entry.after;
    }
    for (const entry of this.owed) {
      if (!this.addMatching(batch, entry)) break;
      this.owed.delete(entry);
    }
    return batch.toPiece();
  }

  private takeChanges(): EntriesChanged<T> | undefined {
    const batch = new Batch<T>();
    for (let entry = this.waiting; entry !== undefined; entry = entry.after) {
      const isAdded = this.start.view.matches(entry) ? this.addMatching(batch, entry) : batch.remove(entry);
      if (!isAdded) break;
      this.waiting = entry.after;
    }
    if (batch.length > 0) this.start.marks.batchGiven();
    return batch.toPiece();
  }

  /** @returns false where the batch is full. */
  private addMatching(batch: Batch<T>, entry: Entry<T>): boolean {
    const { value } = entry;
    if (value === undefined || !this.start.view.matches(entry)) return true;
    return batch.upsert(entry, value, this.source.sizeOf(entry));
  }

  private isMarkDue(): boolean {
    if (this.start.marks.isDue) return true;
    return this.phase === "catchingUp" && (this.waiting === undefined || this.waiting.revision > this.goal);
  }

  private giveMark(): CollectionMark {
    const { source, start, waiting } = this;
    if (waiting === undefined || waiting.revision > this.goal) this.phase = "following";
    start.marks.markGiven();
    const revision = waiting === undefined ? source.revision : waiting.revision - 1;
    const cursor = { epoch: source.epoch, filterHash: start.view.filter.hash, revision };
    return { kind: "mark", cursor, digest: waiting === undefined ? start.view.digest : undefined };
  }
}
