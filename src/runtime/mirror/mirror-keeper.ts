import type { Timer } from "../../core/clock.ts";
import { Deadlines } from "../../core/deadlines.ts";
import {
  areSameBytes,
  type MirrorSave,
  type MirrorStorage,
  type StoredEntry,
  type StoredMirror,
} from "../storage/mirror-storage.ts";
import type { KnownEntry } from "./entry-table.ts";
import type { MirrorHost } from "./mirror-host.ts";
import { type CursorPosition, canReplace, isFrom, type PositionReader } from "./save-order.ts";
import { createSlowError, toStorageError } from "./storage-errors.ts";

/** How long a storage may take to give what it has, in milliseconds. Spec: MIRROR-10. */
export const LOAD_TIMEOUT_MS = 2_000;
/** How long it may take to write, which nobody waits for to see something. Spec: MIRROR-10. */
export const WRITE_TIMEOUT_MS = 10_000;
/** The least time between the beginnings of two saves, in milliseconds. Spec: MIRROR-9. */
export const SAVE_PAUSE_MS = 1_000;
/** How long it is left to others after they have saved under the same key, in milliseconds. Spec: MIRROR-14. */
export const CONFLICT_PAUSE_MS = 5_000;
/** The most mirrors of all kinds that a storage keeps; those that were saved least recently go. Spec: MIRROR-9. */
export const MAX_KEPT_MIRRORS = 256;
/** How many entries are encoded in one go, so that nothing else waits for long. */
const ENCODED_AT_ONCE = 500;

/** What a keeper has to know of the values and cursors that it keeps. */
export interface KeptWork<T> {
  /** Encodes a value for a storage. */
  encode(value: T): Uint8Array;
  /** How far a cursor is. @throws Error where it is none. */
  positionOf(cursor: Uint8Array): CursorPosition;
  /**
   * What changes may be saved upon: `own`: what the program has saved or loaded itself; `between`: also what another one has
   * saved, where that is further than this, and not further than the changes. Then they have to say all that has changed.
   */
  readonly buildsOn: "own" | "between";
}

type Entry<T> = Pick<KnownEntry<T>, "value" | "revision">;

/** What a mark has completed, and was not saved yet. */
interface Marked<T> {
  cursor: Uint8Array;
  /** Whether `changes` is all there is. */
  whole: boolean;
  /** What was known to be stored at the mark. */
  known: Uint8Array | undefined;
  /** By their ids; undefined: gone. */
  changes: Map<string, Entry<T> | undefined>;
}

/**
 * `waiting`: for the end of the pause after a save. `hurrying`, `closing`: a save is under way, and one more may follow at
 * once; after that it goes on, or does not.
 */
type KeeperPhase =
  | { readonly name: "resting" | "saving" | "hurrying" | "closing" | "over" }
  | { readonly name: "waiting"; readonly timer: Timer };

/**
 * Keeps what a mirror has shown at its last mark, with the cursor of that mark. It saves at most once in a second, one
 * save at a time, and the last mark wins. The first failure is told, and ends it. Spec: MIRROR-8 to MIRROR-10, MIRROR-14.
 */
export class MirrorKeeper<T> {
  private readonly host: MirrorHost;
  private readonly storage: MirrorStorage;
  private readonly key: string;
  private readonly kept: KeptWork<T>;
  private readonly read: PositionReader;
  /** Since the last mark. */
  private changes = new Map<string, Entry<T> | undefined>();
  private marked: Marked<T> | undefined = undefined;
  /** The cursor that this program has saved or loaded last. Undefined: the next save replaces everything. */
  private base: Uint8Array | undefined = undefined;
  /** The cursor of somebody else that the last save has found, and left. Counts where there is no base. */
  private found: Uint8Array | undefined = undefined;
  /** The cursor of the last mark. Undefined: there was none since everything was lost. */
  private last: Uint8Array | undefined = undefined;
  private phase: KeeperPhase = { name: "resting" };
  /** Counts what was forgotten, so that a save that was under way then is known. */
  private era = 0;
  /** Settles, and never rejects, when nothing is being written any more. */
  private work: Promise<unknown> = Promise.resolve();

  /** @param key What it is kept under. @param kept What is different from one kind of mirror to the other. */
  constructor(host: MirrorHost, storage: MirrorStorage, key: string, kept: KeptWork<T>) {
    this.host = host;
    this.storage = storage;
    this.key = key;
    this.kept = kept;
    this.read = (cursor) => kept.positionOf(cursor);
  }

  /** Whether the next mark has to bring everything. */
  get needsAll(): boolean {
    const isKnown = this.base !== undefined || this.marked !== undefined || this.isSaving;
    return this.isOpen && !isKnown;
  }

  /** What the storage has. Undefined where there is nothing, or it has failed, which is told. Never rejects. */
  async load(): Promise<StoredMirror | undefined> {
    try {
      const stored = await this.withinTime(LOAD_TIMEOUT_MS, () => this.storage.load(this.key));
      this.base = stored?.cursor;
      this.last = this.base;
      return stored;
    } catch (thrown) {
      this.fail(thrown);
      return undefined;
    }
  }

  /** A value has changed, or is gone. Counts from the next mark on. */
  changed(id: string, entry: Entry<T> | undefined): void {
    if (this.isOpen) this.changes.set(id, entry);
  }

  /** A mark: what is shown is of this cursor. @param all Everything, where the changes before it do not say it all. */
  mark(cursor: Uint8Array, all: Iterable<readonly [string, Entry<T>]> | undefined): void {
    if (!this.isOpen) return;
    this.last = cursor;
    if (all === undefined) this.collect(cursor);
    else this.marked = { cursor, whole: true, known: this.known, changes: new Map(all) };
    this.changes = new Map();
    if (this.phase.name === "resting") this.begin();
  }

  /** Saves what is shown now, without a pause. Spec: MIRROR-15. */
  hurry(): void {
    if (!this.isOpen) return;
    this.collectUnmarked();
    const { phase } = this;
    if (phase.name === "saving") this.phase = { name: "hurrying" };
    if (phase.name === "waiting") phase.timer.cancel();
    if (phase.name === "waiting" || phase.name === "resting") this.begin();
  }

  /** Drops what is stored, and everything that waits. */
  forget(): void {
    this.changes = new Map();
    this.marked = undefined;
    this.base = undefined;
    this.found = undefined;
    this.last = undefined;
    this.era += 1;
    this.drop();
  }

  /** What is stored is of no use: it is dropped, and told as it is. */
  refuse(error: unknown): void {
    this.base = undefined;
    this.last = undefined;
    this.host.onError(toStorageError(error, this.storage.name));
    this.drop();
  }

  /** Saves what is shown now, and nothing after it. Resolves when that is done, or has failed; never rejects. */
  async close(): Promise<void> {
    const { phase } = this;
    if (this.isOpen) this.collectUnmarked();
    if (phase.name === "waiting") phase.timer.cancel();
    if (this.isSaving) this.phase = { name: "closing" };
    if (phase.name === "waiting" || phase.name === "resting") {
      this.phase = { name: "closing" };
      this.work = Promise.all([this.work, this.save()]);
    }
    await this.work;
  }

  private get known(): Uint8Array | undefined {
    return this.base ?? this.found;
  }

  private get isOpen(): boolean {
    return this.phase.name !== "over" && this.phase.name !== "closing";
  }

  private get isSaving(): boolean {
    return this.phase.name === "saving" || this.phase.name === "hurrying";
  }

  private begin(): void {
    this.phase = { name: "resting" };
    this.work = Promise.all([this.work, this.save()]);
  }

  /** Has what has changed saved with this cursor. */
  private collect(cursor: Uint8Array): void {
    this.marked ??= { cursor, whole: false, known: undefined, changes: new Map() };
    for (const [id, entry] of this.changes) this.marked.changes.set(id, entry);
    this.marked.cursor = cursor;
    this.marked.known = this.known;
  }

  /** What has changed since the last mark is sent once more from its cursor on, and changes nothing then. */
  private collectUnmarked(): void {
    if (this.last === undefined || this.changes.size === 0 || this.marked?.whole === true) return;
    this.collect(this.last);
    this.changes = new Map();
  }

  private drop(): void {
    const dropping = this.delete(this.key).catch((thrown: unknown) => this.fail(thrown));
    this.work = Promise.all([this.work, dropping]);
  }

  private delete(key: string): Promise<void> {
    return this.withinTime(WRITE_TIMEOUT_MS, () => this.storage.delete(key));
  }

  private async save(): Promise<void> {
    const { marked } = this;
    if (marked === undefined) return this.rest(0);
    if (this.phase.name === "resting") this.phase = { name: "saving" };
    this.marked = undefined;
    const begunMs = this.host.clock.now();
    try {
      const isKept = await this.write(marked);
      await this.rest(begunMs + (isKept ? SAVE_PAUSE_MS : CONFLICT_PAUSE_MS));
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  /** @returns false where somebody else has saved meanwhile, and that is left as it is. */
  private async write(marked: Marked<T>): Promise<boolean> {
    const { era } = this;
    let found: Uint8Array | undefined;
    const fits = (stored: Uint8Array | undefined): boolean => {
      found = stored;
      return this.canSave(marked, stored);
    };
    const save: MirrorSave = { ...(await this.encodeAll(marked)), fits };
    if (this.era !== era) return true;
    const isKept = await this.withinTime(WRITE_TIMEOUT_MS, async () => {
      const answer = await this.storage.save(this.key, save);
      // It was forgotten meanwhile, and so is what was just written, however late that was.
      if (this.era !== era) await this.storage.delete(this.key);
      return answer;
    });
    if (this.era !== era) return true;
    if (isKept) this.base = marked.cursor;
    else this.leave(marked, found);
    if (isKept && marked.whole) await this.prune();
    return isKept;
  }

  private canSave({ cursor, whole, known }: Marked<T>, stored: Uint8Array | undefined): boolean {
    const { kept, base, read } = this;
    if (whole) return canReplace({ cursor, base, known }, stored, read);
    if (kept.buildsOn === "between") return isFrom(base, stored, read) && isFrom(stored, cursor, read);
    return base !== undefined && stored !== undefined && areSameBytes(base, stored);
  }

  /** Somebody else has saved: what is further stays. What is good for nothing any more is brought by the next mark anew. */
  private leave({ cursor, whole, changes }: Marked<T>, stored: Uint8Array | undefined): void {
    const isKnown = this.kept.buildsOn === "between" && isFrom(whole ? cursor : this.base, stored, this.read);
    if (!isKnown) {
      this.base = undefined;
      this.found = stored;
      this.last = undefined;
      if (this.marked?.whole !== true) this.marked = undefined;
    } else if (whole) {
      this.base = cursor;
    } else if (this.marked?.whole !== true) {
      // What it lacks of them is not known: they are saved once more, where nothing newer is.
      const later = this.marked?.changes ?? this.changes;
      for (const [id, entry] of changes) if (!later.has(id)) later.set(id, entry);
    }
  }

  private async encodeAll({ cursor, whole, changes }: Marked<T>): Promise<Omit<MirrorSave, "fits">> {
    const upserted: StoredEntry[] = [];
    const removed: string[] = [];
    let count = 0;
    for (const [id, entry] of changes) {
      if (entry === undefined) removed.push(id);
      // A copy of its own: what encodes shares memory among messages, and a storage may keep all of that.
      else upserted.push({ id, revision: entry.revision, bytes: this.kept.encode(entry.value).slice() });
      count += 1;
      if (count % ENCODED_AT_ONCE === 0) await this.nextTurn();
    }
    return { cursor, isWhole: whole, upserted, removed };
  }

  private nextTurn(): Promise<void> {
    return new Promise((resolve) => this.host.clock.defer(resolve));
  }

  private async prune(): Promise<void> {
    const keys = await this.withinTime(WRITE_TIMEOUT_MS, () => this.storage.list());
    for (const key of keys.slice(0, Math.max(0, keys.length - MAX_KEPT_MIRRORS))) {
      if (key !== this.key) await this.delete(key);
    }
  }

  private async rest(untilMs: number): Promise<void> {
    if (this.phase.name === "hurrying") this.phase = { name: "saving" };
    else if (this.phase.name !== "closing") return this.pause(untilMs);
    if (this.marked !== undefined) return this.save();
    return this.pause(untilMs);
  }

  private pause(untilMs: number): void {
    if (!this.isOpen) {
      this.phase = { name: "over" };
      return;
    }
    const waitMs = untilMs - this.host.clock.now();
    if (waitMs <= 0 && this.marked === undefined) {
      this.phase = { name: "resting" };
      return;
    }
    const timer = this.host.clock.setTimer(Math.max(0, waitMs), () => this.begin());
    this.phase = { name: "waiting", timer };
  }

  private withinTime<R>(timeoutMs: number, work: () => Promise<R>): Promise<R> {
    const createError = (): Error => createSlowError(this.storage.name);
    return new Deadlines(this.host.clock).run({ timeoutMs, createError }, work);
  }

  private fail(thrown: unknown): void {
    const { phase } = this;
    if (phase.name === "over") return;
    if (phase.name === "waiting") phase.timer.cancel();
    this.phase = { name: "over" };
    this.changes = new Map();
    this.marked = undefined;
    this.host.onError(toStorageError(thrown, this.storage.name));
  }
}
