import type { StoredItem } from "./timeline-store.ts";

/** A log, as it is committed. */
export interface LogHead {
  /** What the backend knows it by. Never used twice. */
  readonly id: number;
  readonly name: string;
  readonly epoch: string;
  readonly lastSeq: number;
  readonly revision: number;
  /** What a program keeps with the log. */
  readonly record: Uint8Array;
}

/** What a commit has to know of an item that it adds text to. */
export interface ItemSize {
  readonly payloadBytes: number;
  readonly textBytes: number;
}

/** An item that a turn has changed, everything that happened to it in one. */
export interface ItemChange {
  readonly seq: number;
  readonly revision: number;
  /** The item was appended or replaced, and this is all of it; else only text was added. */
  readonly base?: { readonly isNew: boolean; readonly createdAtMs: number; readonly payload: Uint8Array };
  /** Where the added text begins, in bytes. */
  readonly textStart: number;
  /** The added text. May be empty. */
  readonly text: Uint8Array;
}

/** What a turn has done to a log. */
export interface LogChange {
  /** The log after it. */
  readonly head: LogHead;
  /** What becomes of the log itself: it is made, it is deleted, or it stays. */
  readonly fate: "made" | "deleted" | "kept";
  /** Whether the record of `head` is another one than before. */
  readonly hasNewRecord: boolean;
  readonly items: readonly ItemChange[];
}

/** An item with changes, as a watcher is to be told of it. */
export interface ChangedItem {
  /** The whole item; or the new text alone where the rest of it is known. */
  readonly item: StoredItem;
  /** What of it was not known. */
  readonly news: "appended" | "replaced" | "text";
  /** Where the text of `item` begins in the whole text, in bytes. */
  readonly textStart: number;
}

/** How much one read may bring. The first item comes whatever it has. */
export interface ReadLimit {
  readonly maxRows: number;
  readonly maxBytes: number;
}

/** Which items a page has. */
export type PagePosition =
  | { readonly direction: "forward"; readonly afterSeq: number }
  | { readonly direction: "backward"; readonly beforeSeq: number };

/**
 * Where the logs of a store lie. All reads see what is committed, and nothing else. Any method may throw a MoorlineError.
 */
export interface TimelineBackend {
  /** The log of a name, where there is one. */
  find(name: string): LogHead | undefined;
  /** Every log, in the order in which they were made. */
  list(): LogHead[];
  /** An id for a new log. */
  nextId(): number;
  /** The size of an item that is there. */
  sizeOf(log: number, seq: number): ItemSize;
  /** Does all of it, or throws and has done nothing. */
  commit(changes: readonly LogChange[]): void;
  /** Items from a position on, in its direction. */
  page(log: number, position: PagePosition, limit: ReadLimit): StoredItem[];
  /** The seqs of items with a higher revision than `since`, at most `limit`, in any order. */
  changedSeqs(log: number, since: number, limit: number): number[];
  /** The lowest seq of the items with a higher revision than `since`. Undefined where there is none. */
  firstChangedSeq(log: number, since: number): number | undefined;
  /** Items with a seq above `afterSeq` and a revision above `since`, by rising seq. */
  changedAfter(log: number, since: number, afterSeq: number, limit: ReadLimit): ChangedItem[];
  /** What has changed in one item since. Undefined where nothing has. */
  changedItem(log: number, since: number, seq: number): ChangedItem | undefined;
}
