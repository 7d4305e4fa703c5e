import { EntryTable, type KnownEntry } from "./entry-table.ts";

/** Hears what becomes of what a {@link Mirror} shows. Called while it changes: must only take notes. */
export interface MirrorListener<T> {
  /** A value is there, is another one, or is not there any more. */
  changed(id: string, before: T | undefined, after: T | undefined): void;
  /** Everything is another one; `before` is what was shown. */
  replaced(before: ReadonlyMap<string, KnownEntry<T>>): void;
}

/** Where a snapshot goes: into what is shown, as it comes; or into a shadow, which is shown at its mark. */
export type SnapshotPlace = "shown" | "shadow";

/**
 * A copy of a collection of the daemon. A change costs the same however much there is. Values are never changed: one that
 * has not changed stays the very same object, also when a snapshot brings it again. Spec: MIRROR-2 to MIRROR-5.
 */
export class Mirror<T> {
  private readonly isSame: (a: T, b: T) => boolean;
  private readonly listener: MirrorListener<T>;
  private shown = new EntryTable<T>("");
  private shadow: EntryTable<T> | undefined = undefined;
  /** How many values of the shadow are not those that are shown. */
  private differences = 0;

  /** @param isSame Whether values of two epochs are the same for everybody. @param listener Takes notes. */
  constructor(isSame: (a: T, b: T) => boolean, listener: MirrorListener<T>) {
    this.isSame = isSame;
    this.listener = listener;
  }

  /** The lifetime of the collection that what is shown belongs to. */
  get epoch(): string {
    return this.shown.epoch;
  }

  /** Whether a snapshot is under way that is not shown yet. */
  get hasShadow(): boolean {
    return this.shadow !== undefined;
  }

  /** What is shown. */
  get entries(): ReadonlyMap<string, KnownEntry<T>> {
    return this.shown.all;
  }

  /** The value of an id, as it is shown. */
  get(id: string): T | undefined {
    return this.shown.get(id)?.value;
  }

  /** A snapshot begins; one that was under way is void. */
  begin(epoch: string, place: SnapshotPlace): void {
    this.differences = 0;
    if (place === "shadow") this.shadow = new EntryTable(epoch);
    else this.replace(new EntryTable(epoch));
  }

  /** A value matches, or belongs to the snapshot. Within an epoch the higher revision counts. */
  upsert(id: string, value: T, revision: number): void {
    if (this.shadow === undefined) this.upsertShown(id, value, revision);
    else this.upsertShadow(this.shadow, id, value, revision);
  }

  /** An id does not match, or does not exist. */
  remove(id: string): void {
    if (this.shadow !== undefined) {
      const { value } = this.shadow.remove(id) ?? {};
      if (value !== undefined && value !== this.get(id)) this.differences -= 1;
      return;
    }
    const before = this.shown.remove(id);
    if (before !== undefined) this.listener.changed(id, before.value, undefined);
  }

  /** A mark: a shadow is shown from now on. */
  finish(): void {
    const { shadow } = this;
    this.shadow = undefined;
    if (shadow === undefined) return;
    if (this.differences === 0 && shadow.size === this.shown.size) this.shown = shadow;
    else this.replace(shadow);
  }

  /** Whether what is shown has this digest. */
  agrees(digest: bigint): boolean {
    return this.shown.digest === digest;
  }

  /** The watch has ended: a snapshot that was under way is void. */
  cut(): void {
    this.shadow = undefined;
  }

  /** Shows nothing any more. */
  clear(): void {
    this.cut();
    if (this.shown.size > 0 || this.epoch !== "") this.replace(new EntryTable(""));
  }

  /** Shows what a storage had. */
  restore(
    epoch: string,
    entries: Iterable<{ readonly id: string; readonly value: T; readonly revision: number }>,
  ): void {
    const table = new EntryTable<T>(epoch);
    for (const { id, value, revision } of entries) table.put(id, value, revision, table.get(id));
    this.replace(table);
  }

  private upsertShown(id: string, value: T, revision: number): void {
    const before = this.shown.get(id);
    // It is sent again what lies beyond a cursor: known already, or older than what is known.
    if (before !== undefined && revision <= before.revision) return;
    this.shown.put(id, value, revision, before);
    this.listener.changed(id, before?.value, value);
  }

  private upsertShadow(shadow: EntryTable<T>, id: string, value: T, revision: number): void {
    const earlier = shadow.get(id);
    if (earlier !== undefined && revision <= earlier.revision) return;
    const known = this.shown.get(id);
    const isKept = known !== undefined && this.isUnchanged(known, shadow.epoch, value, revision);
    if (earlier !== undefined && earlier.value !== known?.value) this.differences -= 1;
    if (!isKept) this.differences += 1;
    shadow.put(id, isKept ? known.value : value, revision, earlier, known?.idHash);
  }

  private isUnchanged(known: KnownEntry<T>, epoch: string, value: T, revision: number): boolean {
    if (epoch === this.epoch) return known.revision === revision;
    return this.isSame(known.value, value);
  }

  private replace(table: EntryTable<T>): void {
    const before = this.shown.all;
    this.shown = table;
    this.listener.replaced(before);
  }
}
