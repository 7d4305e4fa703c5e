import { joinBytes } from "./log-draft.ts";
import type { ChangedItem, ItemChange, ItemSize, LogHead, PagePosition, ReadLimit } from "./timeline-backend.ts";
import type { StoredItem } from "./timeline-store.ts";

interface TextPiece {
  readonly start: number;
  readonly revision: number;
  readonly data: Uint8Array;
}

interface MemoryItem {
  readonly seq: number;
  readonly createdAtMs: number;
  readonly createdRevision: number;
  baseRevision: number;
  revision: number;
  payload: Uint8Array;
  pieces: TextPiece[];
}

/** Entries of the list of changes that are out of date, before it is made anew. */
const FEW_ENTRIES = 64;

/** One log in memory. */
export class MemoryLog {
  head: LogHead;
  /** Bytes of the record, and of all payloads and texts. */
  bytes: number;
  /** Item `seq` at the place `seq - 1`. */
  private readonly items: MemoryItem[] = [];
  /** What was changed, in the order of revisions. An entry whose item has a newer one counts for nothing. */
  private changes: { readonly seq: number; readonly revision: number }[] = [];

  /** @param head The log, empty. */
  constructor(head: LogHead) {
    this.head = head;
    this.bytes = head.record.length;
  }

  /** Makes what a turn has done. */
  apply(head: LogHead, changes: readonly ItemChange[]): void {
    this.bytes += head.record.length - this.head.record.length;
    this.head = head;
    for (const change of changes) {
      this.bytes -= change.base?.isNew === false ? this.bytesOf(change.seq) : 0;
      this.write(change);
      this.bytes += (change.base?.payload.length ?? 0) + change.text.length;
    }
    const sorted = changes.map(({ seq, revision }) => ({ seq, revision })).sort((a, b) => a.revision - b.revision);
    for (const entry of sorted) this.changes.push(entry);
    if (this.changes.length > 2 * this.items.length + FEW_ENTRIES) this.changes = this.changes.filter(this.isCurrent);
  }

  /** The size of an item. */
  sizeOf(seq: number): ItemSize {
    const item = this.item(seq);
    return { payloadBytes: item.payload.length, textBytes: textEndOf(item) };
  }

  /** Payload and text of an item. */
  bytesOf(seq: number): number {
    const { payloadBytes, textBytes } = this.sizeOf(seq);
    return payloadBytes + textBytes;
  }

  /** Items from a position on, in its direction. */
  page(position: PagePosition, { maxRows, maxBytes }: ReadLimit): StoredItem[] {
    const step = position.direction === "forward" ? 1 : -1;
    const from =
      position.direction === "forward" ? position.afterSeq + 1 : Math.min(position.beforeSeq - 1, this.items.length);
    const found: StoredItem[] = [];
    let bytes = 0;
    for (let seq = from; found.length < maxRows && this.items[seq - 1] !== undefined; seq += step) {
      bytes += this.bytesOf(seq);
      if (found.length > 0 && bytes > maxBytes) break;
      found.push(toStored(this.item(seq)));
    }
    return found;
  }

  /** The seqs of items that have changed since. */
  changedSeqs(since: number, limit: number): number[] {
    const seqs: number[] = [];
    for (let i = this.changes.length - 1; i >= 0 && seqs.length < limit; i -= 1) {
      const change = this.changes[i];
      if (change === undefined || change.revision <= since) break;
      if (this.isCurrent(change)) seqs.push(change.seq);
    }
    return seqs;
  }

  /** What has changed since, by rising seq. */
  changedAfter(since: number, afterSeq: number, { maxRows, maxBytes }: ReadLimit): ChangedItem[] {
    const found: ChangedItem[] = [];
    let bytes = 0;
    for (let seq = afterSeq + 1; seq <= this.items.length && found.length < maxRows; seq += 1) {
      const changed = this.changedItem(since, seq);
      if (changed === undefined) continue;
      bytes += changed.item.payload.length + changed.item.text.length;
      if (found.length > 0 && bytes > maxBytes) break;
      found.push(changed);
    }
    return found;
  }

  /** What has changed in one item since. */
  changedItem(since: number, seq: number): ChangedItem | undefined {
    const item = this.item(seq);
    if (item.revision <= since) return undefined;
    if (item.baseRevision > since) {
      return { item: toStored(item), news: item.createdRevision > since ? "appended" : "replaced", textStart: 0 };
    }
    let first = item.pieces.length;
    while (first > 0 && (item.pieces[first - 1]?.revision ?? 0) > since) first -= 1;
    const pieces = item.pieces.slice(first);
    return {
      item: { ...toStored(item, pieces), payload: NONE },
      news: "text",
      textStart: pieces[0]?.start ?? textEndOf(item),
    };
  }

  private readonly isCurrent = ({ seq, revision }: { readonly seq: number; readonly revision: number }): boolean =>
    this.items[seq - 1]?.revision === revision;

  private write({ seq, revision, base, textStart, text }: ItemChange): void {
    const piece = { start: textStart, revision, data: text };
    if (base?.isNew === true) {
      const { createdAtMs, payload } = base;
      const revisions = { revision, createdRevision: revision, baseRevision: revision };
      this.items.push({ seq, createdAtMs, ...revisions, payload, pieces: text.length > 0 ? [piece] : [] });
      return;
    }
    const item = this.item(seq);
    item.revision = revision;
    if (base !== undefined) Object.assign(item, { baseRevision: revision, payload: base.payload, pieces: [] });
    if (text.length > 0) item.pieces.push(piece);
  }

  private item(seq: number): MemoryItem {
    const item = this.items[seq - 1];
    if (item === undefined) throw new Error(`there is no item ${seq}`);
    return item;
  }
}

const NONE = new Uint8Array(0);

function textEndOf({ pieces }: MemoryItem): number {
  const last = pieces.at(-1);
  return last === undefined ? 0 : last.start + last.data.length;
}

function toStored(item: MemoryItem, pieces: readonly TextPiece[] = item.pieces): StoredItem {
  const { seq, revision, createdAtMs, payload } = item;
  return { seq, revision, createdAtMs, payload, text: joinBytes(pieces.map(({ data }) => data)) };
}
