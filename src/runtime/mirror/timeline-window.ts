import type { TimelineItem } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import type { TextAppended } from "../../../gen/moorline/agent/v1/timeline_service_pb.ts";
import { GrowingTexts } from "./growing-texts.ts";

/** What an event has come to: `outside`: it is about an item before the window, or one that was never there. */
export type WindowChange = "changed" | "same" | "outside";

/** The items of a timeline from some seq on, up to its end; for each seq the one with the highest revision. Spec: MIRROR-7. */
export class TimelineWindow {
  private readonly maxItems: number;
  private readonly texts = new GrowingTexts();
  private rows: TimelineItem[] = [];
  /** The log that the items are of. Empty: none. */
  private log = "";
  /** Where the first item is. */
  private start: "beginning" | "later" = "beginning";
  /** Counts how often everything was replaced. */
  private replacements = 0;
  /** The highest revision of an item before the window that was heard of. */
  private earlierRevision = 0n;

  /** @param maxItems The most items; the earliest ones go. */
  constructor(maxItems: number) {
    this.maxItems = maxItems;
  }

  /** The items, by rising seq. Belongs to the window. */
  get items(): readonly TimelineItem[] {
    return this.rows;
  }

  /** The log that the items are of. Empty: none. */
  get epoch(): string {
    return this.log;
  }

  /** Whether there are items before the first one. */
  get hasEarlier(): boolean {
    return this.start === "later";
  }

  /** Goes up whenever everything is replaced. */
  get era(): number {
    return this.replacements;
  }

  /** The highest revision of an item before the window that was heard of: a page which is older than that lacks it. */
  get revisionBefore(): bigint {
    return this.earlierRevision;
  }

  /** The item at a place. */
  find(seq: bigint): TimelineItem | undefined {
    const item = this.rows[this.placeOf(seq)];
    return item?.seq === seq ? item : undefined;
  }

  /** Shows these items instead. Those of the same log that have not changed stay the very same objects. */
  show(epoch: string, items: readonly TimelineItem[], hasEarlier: boolean): void {
    const known = epoch === this.log ? this.rows : [];
    const bySeq = new Map(known.map((item) => [item.seq, item]));
    this.rows = items.map((item) => {
      const before = bySeq.get(item.seq);
      return before?.revision === item.revision ? before : item;
    });
    this.log = epoch;
    this.start = hasEarlier ? "later" : "beginning";
    this.replacements += 1;
    this.earlierRevision = 0n;
    this.trim();
  }

  /** Shows these items, which come before the first one, as well, as far as there is room. */
  prepend(items: readonly TimelineItem[], hasEarlier: boolean): void {
    const first = this.rows[0]?.seq;
    const earlier = first === undefined ? items : items.filter(({ seq }) => seq < first);
    this.rows = [...earlier, ...this.rows];
    this.start = hasEarlier ? "later" : "beginning";
    this.earlierRevision = 0n;
    this.trim();
  }

  /** An item, as it is now. */
  put(item: TimelineItem): WindowChange {
    const place = this.placeOf(item.seq);
    const known = this.rows[place];
    if (known?.seq === item.seq) {
      if (item.revision <= known.revision) return "same";
      this.rows[place] = item;
      return "changed";
    }
    if (place === 0 && this.hasEarlier) return this.heardOfEarlier(item.revision);
    this.rows.splice(place, 0, item);
    this.trim();
    return "changed";
  }

  /** The text of an item has grown. */
  grow(appended: TextAppended): WindowChange {
    const place = this.placeOf(appended.seq);
    const known = this.rows[place];
    if (known?.seq !== appended.seq) return this.heardOfEarlier(appended.revision);
    if (appended.revision <= known.revision) return "same";
    const grown = this.texts.grow(known, appended);
    if (grown === undefined) return "outside";
    this.rows[place] = grown;
    return "changed";
  }

  private heardOfEarlier(revision: bigint): WindowChange {
    if (revision > this.earlierRevision) this.earlierRevision = revision;
    return "outside";
  }

  private trim(): void {
    const surplus = this.rows.length - this.maxItems;
    if (surplus <= 0) return;
    for (const { revision } of this.rows.splice(0, surplus)) this.heardOfEarlier(revision);
    this.start = "later";
  }

  /** The first place whose seq is not lower. What is new comes last. */
  private placeOf(seq: bigint): number {
    const { rows } = this;
    const last = rows.at(-1);
    if (last === undefined || last.seq < seq) return rows.length;
    let low = 0;
    let high = rows.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((rows[middle] as TimelineItem).seq < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
