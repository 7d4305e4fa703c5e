import type { MoorlineError } from "../../wire/moorline-error.ts";
import { nodeError } from "../../wire/node-error.ts";
import type { ItemChange, LogChange, LogHead, TimelineBackend } from "./timeline-backend.ts";
import type { TimelinePosition } from "./timeline-store.ts";

/** What an item may have, and where its size is asked for. */
export interface DraftContext {
  readonly backend: TimelineBackend;
  /** The most bytes of an item's payload and text. */
  readonly maxItemBytes: number;
}

/** Changes of one item, gathered. */
interface ItemDraft {
  readonly seq: number;
  readonly base: ItemChange["base"];
  readonly payloadBytes: number;
  readonly textStart: number;
  readonly pieces: Uint8Array[];
  textEnd: number;
  revision: number;
}

/** A log as a turn will leave it, if its commit succeeds. Nobody sees it before. */
export class LogDraft {
  private readonly context: DraftContext;
  private readonly before: LogHead;
  private readonly items = new Map<number, ItemDraft>();
  private fate: LogChange["fate"];
  private lastSeq: number;
  private revision: number;
  private record: Uint8Array;

  /** @param context The store. @param before The log as it is. @param fate Whether the turn makes the log. */
  constructor(context: DraftContext, before: LogHead, fate: "made" | "kept") {
    this.context = context;
    this.before = before;
    this.fate = fate;
    this.lastSeq = before.lastSeq;
    this.revision = before.revision;
    this.record = before.record;
  }

  /** Adds an item. @throws MoorlineError TIMELINE_DELETED, TIMELINE_ITEM_TOO_LARGE. */
  append(payload: Uint8Array, text: Uint8Array, createdAtMs: number): TimelinePosition {
    this.assertLives();
    const seq = this.lastSeq + 1;
    this.write(seq, { isNew: true, createdAtMs, payload }, text);
    this.lastSeq = seq;
    return { seq, revision: this.revision };
  }

  /** Puts something else in the place of an item. @throws MoorlineError also TIMELINE_ITEM_UNKNOWN. */
  replace(seq: number, payload: Uint8Array, text: Uint8Array): TimelinePosition {
    this.assertLives();
    this.assertKnown(seq);
    this.write(seq, { isNew: false, createdAtMs: 0, payload }, text);
    return { seq, revision: this.revision };
  }

  /** Adds to the text of an item. @throws MoorlineError also TIMELINE_ITEM_UNKNOWN. */
  appendText(seq: number, text: Uint8Array): TimelinePosition {
    this.assertLives();
    this.assertKnown(seq);
    const item = this.items.get(seq) ?? this.growing(seq);
    this.assertFits(seq, item.payloadBytes + item.textEnd + text.length);
    item.pieces.push(text);
    item.textEnd += text.length;
    item.revision = this.revision += 1;
    this.items.set(seq, item);
    return { seq, revision: this.revision };
  }

  /** Keeps another record with the log. @throws MoorlineError TIMELINE_DELETED, TIMELINE_ITEM_TOO_LARGE. */
  setRecord(record: Uint8Array): TimelinePosition {
    this.assertLives();
    assertRecordFits(this.before.name, record, this.context.maxItemBytes);
    this.record = record;
    return { seq: this.lastSeq, revision: this.revision };
  }

  /** Deletes the log. What comes after it in the turn fails. */
  delete(): TimelinePosition {
    this.assertLives();
    this.fate = "deleted";
    return { seq: this.lastSeq, revision: this.revision };
  }

  /** What is to be committed. */
  toChange(): LogChange {
    const { before, lastSeq, revision, record, fate } = this;
    const items = fate === "deleted" ? [] : [...this.items.values()].map(draftToChange);
    return { head: { ...before, lastSeq, revision, record }, fate, hasNewRecord: record !== before.record, items };
  }

  private write(seq: number, base: NonNullable<ItemChange["base"]>, text: Uint8Array): void {
    const payloadBytes = base.payload.length;
    this.assertFits(seq, payloadBytes + text.length);
    this.revision += 1;
    const pieces = text.length > 0 ? [text] : [];
    const { revision } = this;
    this.items.set(seq, { seq, base, payloadBytes, textStart: 0, pieces, textEnd: text.length, revision });
  }

  private growing(seq: number): ItemDraft {
    const { payloadBytes, textBytes } = this.context.backend.sizeOf(this.before.id, seq);
    const { revision } = this;
    return { seq, base: undefined, payloadBytes, textStart: textBytes, pieces: [], textEnd: textBytes, revision };
  }

  private assertLives(): void {
    if (this.fate === "deleted") throw deletedError(this.before.name);
  }

  /** Nobody can know the seq of an item that is not committed. */
  private assertKnown(seq: number): void {
    if (Number.isInteger(seq) && seq >= 1 && seq <= this.before.lastSeq) return;
    throw nodeError("TIMELINE_ITEM_UNKNOWN", `The timeline ${this.before.name} has no item ${seq}.`);
  }

  private assertFits(seq: number, bytes: number): void {
    const { maxItemBytes } = this.context;
    if (bytes <= maxItemBytes) return;
    const text = `Item ${seq} of the timeline ${this.before.name} would have ${bytes} bytes; ${maxItemBytes} is the most.`;
    throw nodeError("TIMELINE_ITEM_TOO_LARGE", text);
  }
}

/** @throws MoorlineError TIMELINE_ITEM_TOO_LARGE where a record has more bytes than an item may have. Spec: TIMELINE-13. */
export function assertRecordFits(name: string, record: Uint8Array, maxBytes: number): void {
  if (record.length <= maxBytes) return;
  const text = `The record of the timeline ${name} would have ${record.length} bytes; ${maxBytes} is the most.`;
  throw nodeError("TIMELINE_ITEM_TOO_LARGE", text, { action: "Keep less with the timeline." });
}

/** What whoever uses a deleted log gets. */
export function deletedError(name: string): MoorlineError {
  return nodeError("TIMELINE_DELETED", `The timeline ${name} was deleted.`);
}

/** Pieces as one. */
export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0] as Uint8Array;
  const joined = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    joined.set(piece, offset);
    offset += piece.length;
  }
  return joined;
}

function draftToChange({ seq, revision, base, textStart, pieces }: ItemDraft): ItemChange {
  return { seq, revision, ...(base && { base }), textStart, text: joinBytes(pieces) };
}
