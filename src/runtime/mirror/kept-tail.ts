import type { TimelineItem } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import type { MirrorKeeper } from "./mirror-keeper.ts";

/** The most items of a timeline that a storage keeps: its last ones. Spec: MIRROR-9. */
export const MAX_KEPT_ITEMS = 1_000;

/** Keeps the end of a timeline: what is new or has changed, and what has fallen out of it. */
export class KeptTail {
  /** The first seq that is stored. Undefined: the next mark brings everything. */
  private first: bigint | undefined = undefined;

  /** Everything is another one. */
  replaced(): void {
    this.first = undefined;
  }

  /** A storage had these items. */
  restored(items: readonly TimelineItem[]): void {
    this.first = items[0]?.seq ?? 1n;
  }

  /** An item has changed, or is new. */
  changed(item: TimelineItem, keeper: MirrorKeeper<TimelineItem> | undefined): void {
    if (this.first === undefined || item.seq < this.first) return;
    keeper?.changed(`${item.seq}`, toEntry(item));
  }

  /** A mark. */
  mark(cursor: Uint8Array, items: readonly TimelineItem[], keeper: MirrorKeeper<TimelineItem> | undefined): void {
    if (keeper === undefined) {
      this.first = undefined;
      return;
    }
    const tail = items.slice(-MAX_KEPT_ITEMS);
    const next = tail[0]?.seq ?? 1n;
    const known = this.first;
    this.first = next;
    // What an earlier page has brought is not among the changes.
    const isOther = known === undefined || next < known || next - known > BigInt(MAX_KEPT_ITEMS);
    if (isOther || keeper.needsAll) {
      keeper.mark(
        cursor,
        tail.map((item) => [`${item.seq}`, toEntry(item)] as const),
      );
      return;
    }
    for (let seq = known; seq < next; seq += 1n) keeper.changed(`${seq}`, undefined);
    keeper.mark(cursor, undefined);
  }
}

function toEntry(item: TimelineItem): { readonly value: TimelineItem; readonly revision: number } {
  return { value: item, revision: Number(item.revision) };
}
