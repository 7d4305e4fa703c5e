import type { Timer } from "../../core/clock.ts";
import { Deadlines } from "../deadlines.ts";
import type { MirrorSave, MirrorStorage, StoredEntry, StoredMirror } from "../storage/mirror-storage.ts";
import type { KnownEntry } from "./entry-table.ts";
import type { MirrorHost } from "./mirror-host.ts";
import { createSlowError, toStorageError } from "./storage-errors.ts";

/** How long a storage may take to give what it has, in milliseconds. Spec: MIRROR-10. */
export const LOAD_TIMEOUT_MS = 2_000;
/** The least time between the beginnings of two saves, in milliseconds. Spec: MIRROR-9. */
export const SAVE_PAUSE_MS = 1_000;
/** How long it is left to others after they have saved under the same key, in milliseconds. */
export const CONFLICT_PAUSE_MS = 60_000;
/** The most mirrors of all kinds that a storage keeps; those that were saved least recently go. Spec: MIRROR-9. */
export const MAX_KEPT_MIRRORS = 256;
/** How many entries are encoded in one go, so that nothing else waits for long. */
const ENCODED_AT_ONCE = 500;

type Entry<T> = Pick<KnownEntry<T>, "value" | "revision">;

/** What a mark has completed, and was not saved yet. */
interface Marked<T> {
  cursor: Uint8Array;
  /** Whether `changes` is all there is. */
  whole: boolean;
  /** By their ids; undefined: gone. */
  changes: Map<string, Entry<T> | undefined>;
}

/** `waiting`: for the end of the pause after a save. `closing`: a save is under way, and one more may follow. */
type KeeperPhase =
  | { readonly name: "resting" | "saving" | "closing" | "over" }
  | { readonly name: "waiting"; readonly timer: Timer };

/**
 * Keeps what a mirror has shown at its last mark, with the cursor of that mark. It saves at most once in a second, one
 * save at a time, and the last mark wins. The first failure is told, and ends it. Spec: MIRROR-8 to MIRROR-10.
 */
export class MirrorKeeper<T> {
  private readonly host: MirrorHost;
  private readonly storage: MirrorStorage;
  private readonly key: string;
  private readonly encode: (value: T) => Uint8Array;
  /** Since the last mark. */
  private changes = new Map<string, Entry<T> | undefined>();
  private marked: Marked<T> | undefined = undefined;
  /** The cursor that the storage has, as far as is known. Undefined: the next save replaces everything. */
  private base: Uint8Array | undefined = undefined;
  private phase: KeeperPhase = { name: "resting" };
  /** Counts what was forgotten, so that a save that was under way then is known. */
  private era = 0;
  /** Settles, and never rejects, when nothing is being written any more. */
  private work: Promise<unknown> = Promise.resolve();

  /** @param key What it is kept under. @param encode Encodes a value. */
  constructor(host: MirrorHost, storage: MirrorStorage, key: string, encode: (value: T) => Uint8Array) {
    this.host = host;
    this.storage = storage;
    this.key = key;
    this.encode = encode;
  }

  /** Whether the next mark has to bring everything. */
  get needsAll(): boolean {
    const isKnown = this.base !== undefined || this.marked !== undefined || this.phase.name === "saving";
    return this.isOpen && !isKnown;
  }

  /** What the storage has. Undefined where there is nothing, or it has failed, which is told. Never rejects. */
  async load(): Promise<StoredMirror | undefined> {
    try {
      const stored = await new Deadlines(this.host.clock).run(
        { timeoutMs: LOAD_TIMEOUT_MS, createError: () => createSlowError(this.storage.name) },
        () => this.storage.load(this.key),
      );
      this.base = stored?.cursor;
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
    if (all !== undefined) {
      this.marked = { cursor, whole: true, changes: new Map(all) };
    } else if (this.marked === undefined) {
      this.marked = { cursor, whole: false, changes: this.changes };
    } else {
      for (const [id, entry] of this.changes) this.marked.changes.set(id, entry);
      this.marked.cursor = cursor;
    }
    this.changes = new Map();
    if (this.phase.name === "resting") this.work = Promise.all([this.work, this.save()]);
  }

  /** Drops what is stored, and everything that waits. */
  forget(): void {
    this.changes = new Map();
    this.marked = undefined;
    this.base = undefined;
    this.era += 1;
    this.drop();
  }

  /** What is stored is of no use: it is dropped, and told as it is. */
  refuse(error: unknown): void {
    this.base = undefined;
    this.host.onError(toStorageError(error, this.storage.name));
    this.drop();
  }

  /** Saves what waits, and nothing after it. Resolves when that is done, or has failed; never rejects. */
  async close(): Promise<void> {
    const { phase } = this;
    if (phase.name === "waiting") phase.timer.cancel();
    if (phase.name === "saving") this.phase = { name: "closing" };
    if (phase.name === "waiting" || phase.name === "resting") {
      this.phase = { name: "closing" };
      this.work = Promise.all([this.work, this.save()]);
    }
    await this.work;
  }

  private get isOpen(): boolean {
    return this.phase.name !== "over" && this.phase.name !== "closing";
  }

  private drop(): void {
    const dropping = this.guard(() => this.storage.delete(this.key)).catch((thrown: unknown) => this.fail(thrown));
    this.work = Promise.all([this.work, dropping]);
  }

  /** What a storage throws at once is as good as what it rejects with. */
  private async guard<R>(work: () => Promise<R>): Promise<R> {
    return work();
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

  /** @returns false where somebody else has saved meanwhile: then everything has to be saved anew. */
  private async write(marked: Marked<T>): Promise<boolean> {
    const { era } = this;
    const save = await this.toSave(marked);
    if (this.era !== era) return true;
    const isKept = await this.storage.save(this.key, save);
    if (this.era !== era) {
      // It was forgotten meanwhile, and so is what was just written.
      await this.storage.delete(this.key);
      return true;
    }
    this.base = isKept ? marked.cursor : undefined;
    if (!isKept) this.marked = undefined;
    if (isKept && save.base === undefined) await this.prune();
    return isKept;
  }

  private async toSave({ cursor, whole, changes }: Marked<T>): Promise<MirrorSave> {
    const base = whole ? undefined : this.base;
    const upserted: StoredEntry[] = [];
    const removed: string[] = [];
    let count = 0;
    for (const [id, entry] of changes) {
      if (entry === undefined) removed.push(id);
      // A copy of its own: what encodes shares memory among messages, and a storage may keep all of that.
      else upserted.push({ id, revision: entry.revision, bytes: this.encode(entry.value).slice() });
      count += 1;
      if (count % ENCODED_AT_ONCE === 0) await this.nextTurn();
    }
    return { cursor, base, upserted, removed };
  }

  private nextTurn(): Promise<void> {
    return new Promise((resolve) => this.host.clock.defer(resolve));
  }

  private async prune(): Promise<void> {
    const keys = await this.storage.list();
    for (const key of keys.slice(0, Math.max(0, keys.length - MAX_KEPT_MIRRORS))) {
      if (key !== this.key) await this.storage.delete(key);
    }
  }

  private async rest(untilMs: number): Promise<void> {
    if (this.phase.name === "closing" && this.marked !== undefined) return this.save();
    if (!this.isOpen) {
      this.phase = { name: "over" };
      return;
    }
    const waitMs = untilMs - this.host.clock.now();
    if (waitMs <= 0 && this.marked === undefined) {
      this.phase = { name: "resting" };
      return;
    }
    const timer = this.host.clock.setTimer(Math.max(0, waitMs), () => {
      this.phase = { name: "resting" };
      this.work = Promise.all([this.work, this.save()]);
    });
    this.phase = { name: "waiting", timer };
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
