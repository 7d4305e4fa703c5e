import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { TimelineItem } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import { type TimelineCursor, TimelineCursorSchema } from "../../../gen/moorline/agent/v1/timeline_service_pb.ts";
import type { MirrorKeeper } from "./mirror-keeper.ts";

/** The most items of a timeline that a storage keeps: its last ones. Spec: MIRROR-9. */
export const MAX_KEPT_ITEMS = 1_000;
/** A field that cursors do not have: the first seq that is kept with this one. */
const FIRST_FIELD = 15;

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
  mark(mark: TimelineCursor, items: readonly TimelineItem[], keeper: MirrorKeeper<TimelineItem> | undefined): void {
    if (keeper === undefined) {
      this.first = undefined;
      return;
    }
    const tail = items.slice(-MAX_KEPT_ITEMS);
    const next = tail[0]?.seq ?? 1n;
    const cursor = toKeptCursor(mark, next);
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

/**
 * The cursor of what is kept from some seq on. Two tabs that stand at the same place may show more or less of what was
 * before: what one of them has changed must not be saved upon what the other one has kept. Spec: MIRROR-8.
 */
function toKeptCursor({ epoch, revision }: TimelineCursor, first: bigint): Uint8Array {
  const cursor = toBinary(TimelineCursorSchema, create(TimelineCursorSchema, { epoch, revision }));
  return new BinaryWriter().raw(cursor).tag(FIRST_FIELD, WireType.Varint).uint64(first).finish();
}

function toEntry(item: TimelineItem): { readonly value: TimelineItem; readonly revision: number } {
  return { value: item, revision: Number(item.revision) };
}
