import type { Clock } from "../../core/clock.ts";
import { Queue } from "../../core/queue.ts";
import type { Random } from "../../core/random.ts";
import { hashId, hashRevision } from "../../wire/collection-digest.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import { CollectionWatch, type WatchSource } from "./collection-watch.ts";
import { type Entry, EntryList } from "./entry-list.ts";
import { FilteredView } from "./filtered-view.ts";
import { MarkSchedule } from "./mark-schedule.ts";
import type { CollectionCursor, CollectionFilter, SnapshotCause, UpsertedEntry } from "./piece.ts";

/** Options of a {@link VersionedCollection}. */
export interface CollectionOptions<T> {
  /** Time, for marks. */
  readonly clock: Clock;
  /** Chance, for the epoch. */
  readonly random: Random;
  /** What a value takes in a message, in bytes. Asked at most once for each change. */
  readonly sizeOf: (value: T) => number;
  /** How many watches there may be at once. Default 10,000. */
  readonly maxWatches?: number;
  /** For how many revisions it is remembered that an id was deleted. Default 10,000. */
  readonly tombstoneRevisions?: number;
}

/** How a watch is asked for. */
export interface WatchOptions<T> {
  /** What is followed. */
  readonly filter: CollectionFilter<T>;
  /** Where the last watch stood. Default: everything is given. */
  readonly cursor?: CollectionCursor | undefined;
  /** Everything is given, whatever the cursor says. Default false. */
  readonly diverged?: boolean;
  /** Hears that `next` may have something. May call `next`; must neither throw nor change the collection. */
  readonly onWake: () => void;
}

const MAX_WATCHES = 10_000;
const TOMBSTONE_REVISIONS = 10_000;
const EPOCH_BYTES = 16;

interface Tombstone<T> {
  readonly entry: Entry<T>;
  readonly revision: number;
}

/**
 * Values by their ids, each change counted by one revision, so that anybody can follow from where they stood. A change
 * costs as much as there are watches and distinct filters, however many values there are. A value must not be changed once
 * it was put. Spec: DIR.
 */
export class VersionedCollection<T extends object> {
  /** The lifetime of this collection: 22 characters of chance. A cursor of another one leads to a snapshot. */
  readonly epoch: string;
  private readonly options: CollectionOptions<T>;
  private readonly entries = new Map<string, Entry<T>>();
  private readonly list = new EntryList<T>();
  private readonly tombstones = new Queue<Tombstone<T>>();
  private readonly views = new Map<string, FilteredView<T>>();
  private readonly watches = new Set<CollectionWatch<T>>();
  private readonly source: WatchSource<T>;
  private idle: FilteredView<T> | undefined = undefined;
  private readonly counts = { revision: 0, size: 0, forgottenRevision: 0 };

  constructor(options: CollectionOptions<T>) {
    const { counts, list } = this;
    this.options = options;
    const epoch = Buffer.from(options.random.bytes(EPOCH_BYTES)).toString("base64url");
    this.epoch = epoch;
    this.source = {
      ...{ epoch, list },
      get revision() {
        return counts.revision;
      },
      sizeOf: (entry) => this.sizeOf(entry),
      left: (watch) => this.left(watch),
    };
  }

  /** The revision of the last change. 0 before the first. */
  get revision(): number {
    return this.counts.revision;
  }

  /** How many values there are. */
  get size(): number {
    return this.counts.size;
  }

  /** How many ids are held: values, and deleted ones that are remembered. */
  get heldIds(): number {
    return this.entries.size;
  }

  /** How many watches there may be at once. */
  get maxWatches(): number {
    return this.options.maxWatches ?? MAX_WATCHES;
  }

  /** How many watches there are. */
  get watchCount(): number {
    return this.watches.size;
  }

  /** The value of an id. Undefined where there is none. */
  get(id: string): T | undefined {
    return this.entries.get(id)?.value;
  }

  /** Sets the value of an id, new or not. @returns The revision of the change. Spec: DIR-1. */
  put(id: string, value: T): number {
    const entry = this.entries.get(id) ?? this.create(id);
    if (entry.value === undefined) this.counts.size += 1;
    return this.change(entry, value);
  }

  /** Deletes an id. @returns The revision of the change; undefined where there was no value, and nothing has changed. */
  delete(id: string): number | undefined {
    const entry = this.entries.get(id);
    if (entry?.value === undefined) return undefined;
    this.counts.size -= 1;
    this.tombstones.push({ entry, revision: this.revision + 1 });
    return this.change(entry, undefined);
  }

  /**
   * The values, the one that changed last first. Must not be used further once the collection has changed.
   * @param below Only those whose last change has a lower revision. Default: all. Costs what it passes over.
   */
  *newestFirst(below: number = Number.POSITIVE_INFINITY): Generator<UpsertedEntry<T>, void> {
    for (let entry = this.list.lastBelow(below); entry !== undefined; entry = entry.before) {
      const { id, value, revision } = entry;
      if (value !== undefined) yield { id, value, revision };
    }
  }

  /**
   * Follows what matches a filter: from a cursor, or with a snapshot where there is none that can be used. The first watch
   * of a filter looks at every value once, to count them; the filter that was watched last is kept counted.
   * @throws MoorlineError OVERLOADED where there are too many watches.
   */
  watch({ filter, cursor, diverged = false, onWake }: WatchOptions<T>): CollectionWatch<T> {
    const { maxWatches } = this;
    const { clock } = this.options;
    if (this.watches.size >= maxWatches) {
      throw new MoorlineError("OVERLOADED", `There are ${maxWatches} watches of this collection already.`);
    }
    const from = diverged ? "diverged" : this.judgeCursor(cursor, filter);
    const view = this.views.get(filter.hash) ?? new FilteredView(filter, this.list.first);
    this.views.set(filter.hash, view);
    view.watchers += 1;
    const marks = new MarkSchedule(clock, () => watch.wake());
    const watch = new CollectionWatch(this.source, { view, from, marks, onWake });
    this.watches.add(watch);
    return watch;
  }

  /** The revision of a cursor that can be used, else why there has to be a snapshot. Spec: DIR-3. */
  private judgeCursor(cursor: CollectionCursor | undefined, filter: CollectionFilter<T>): SnapshotCause | number {
    if (cursor === undefined) return "first";
    if (cursor.epoch !== this.epoch) return "epochChanged";
    if (cursor.filterHash !== filter.hash) return "filterChanged";
    const { revision } = cursor;
    const { forgottenRevision } = this.counts;
    const isKnown = Number.isSafeInteger(revision) && revision >= forgottenRevision && revision <= this.revision;
    return isKnown ? revision : "cursorExpired";
  }

  private create(id: string): Entry<T> {
    const { hash, bytes } = hashId(id);
    const unset = { value: undefined, bytes: undefined, before: undefined, after: undefined };
    const entry: Entry<T> = { id, idBytes: bytes, idHash: hash, revision: 0, hash, ...unset };
    this.entries.set(id, entry);
    return entry;
  }

  private change(entry: Entry<T>, value: T | undefined): number {
    if (entry.revision > 0) {
      for (const watch of this.watches) watch.leaves(entry);
      for (const view of this.views.values()) view.subtract(entry);
      this.list.remove(entry);
    }
    this.counts.revision += 1;
    entry.revision = this.revision;
    entry.value = value;
    entry.bytes = undefined;
    entry.hash = hashRevision(entry.idHash, entry.revision);
    this.list.append(entry);
    for (const view of this.views.values()) view.add(entry);
    for (const watch of this.watches) watch.arrived(entry);
    this.forgetTombstones();
    // Only now: whoever is woken may look at everything, and begin or end watches.
    for (const watch of this.watches) watch.wake();
    return entry.revision;
  }

  /** Forgets what was deleted long ago. Spec: DIR-10. */
  private forgetTombstones(): void {
    const { tombstoneRevisions = TOMBSTONE_REVISIONS } = this.options;
    for (let oldest = this.tombstones.at(0); oldest !== undefined; oldest = this.tombstones.at(0)) {
      const { entry, revision } = oldest;
      if (this.revision - revision <= tombstoneRevisions) return;
      this.tombstones.shift();
      // Otherwise it was created again.
      if (entry.revision === revision) this.forget(entry);
    }
  }

  private forget(entry: Entry<T>): void {
    for (const watch of this.watches) watch.forgets(entry);
    this.counts.forgottenRevision = entry.revision;
    this.list.remove(entry);
    this.entries.delete(entry.id);
  }

  private sizeOf(entry: Entry<T>): number {
    if (entry.bytes === undefined && entry.value !== undefined) entry.bytes = this.options.sizeOf(entry.value);
    return entry.bytes ?? 0;
  }

  /** Keeps the last view that nobody watches any more, and no other: who comes next mostly wants the same again. */
  private keepIdle(view: FilteredView<T>): void {
    const { idle } = this;
    this.idle = view;
    if (idle !== undefined && idle !== view && idle.watchers === 0) this.views.delete(idle.filter.hash);
  }

  private left(watch: CollectionWatch<T>): void {
    this.watches.delete(watch);
    const { view } = watch;
    view.watchers -= 1;
    if (view.watchers === 0) this.keepIdle(view);
  }
}
