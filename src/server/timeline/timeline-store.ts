/** Where somebody stands in a timeline: everything up to the revision is known. */
export interface TimelineCursor {
  /** The epoch of the log, 22 characters of base64url. */
  readonly epoch: string;
  /** A revision of the log; 0 before everything. */
  readonly revision: number;
}

/** What an append, or a change of an item, has come to. */
export interface TimelinePosition {
  /** The place of the item, from 1. */
  readonly seq: number;
  /** The revision of the log that the change has made. */
  readonly revision: number;
}

/** An item, as it is now. */
export interface StoredItem extends TimelinePosition {
  /** When it was appended, in milliseconds since 1970; for people. */
  readonly createdAtMs: number;
  /** What it is, without its text. Means nothing to the log. */
  readonly payload: Uint8Array;
  /** Its text, in UTF-8. */
  readonly text: Uint8Array;
}

/** What a watcher is sent. */
export type TimelineEvent =
  /** An item that was not known, as it is now. */
  | { readonly kind: "itemAppended"; readonly item: StoredItem }
  /** Another item stands in the place of one that was known. */
  | { readonly kind: "itemReplaced"; readonly item: StoredItem }
  /** The text of an item has grown. What lies before `offset`, in bytes, is known; what comes may be known in part. */
  | {
      readonly kind: "textAppended";
      readonly seq: number;
      readonly offset: number;
      readonly text: Uint8Array;
      readonly revision: number;
    }
  /** The cursor belongs to no state of this log. Everything of the log follows. */
  | { readonly kind: "epochChanged"; readonly epoch: string }
  /** Everything up to the cursor was sent. */
  | { readonly kind: "mark"; readonly cursor: TimelineCursor };

/** Which page. With neither position: the end of the log. */
export interface PageRequest {
  /** Items with a higher seq, the lowest first. 0: from the beginning. */
  readonly afterSeq?: number;
  /** Items with a lower seq, the highest first. Not together with `afterSeq`. */
  readonly beforeSeq?: number;
  /** The most items. Default, and for 0: 100. More than 1,000 counts as 1,000. */
  readonly maxRows?: number;
  /** The most bytes of payloads and texts; the first item comes whatever it has. Default, and at most, 256 KiB. */
  readonly maxBytes?: number;
}

/** A piece of a log, as it was at its cursor. */
export interface TimelinePage {
  /** The items, always with rising seq. */
  readonly items: readonly StoredItem[];
  /** What a watch can follow on from. */
  readonly cursor: TimelineCursor;
  /** Whether there are items before the first one; where there is none, before the position. */
  readonly hasEarlier: boolean;
  /** Whether there are items after the last one; where there is none, after the position. */
  readonly hasLater: boolean;
}

/** What an item is appended with, beside its payload. */
export interface AppendOptions {
  /** The text that it begins with. Default: empty. */
  readonly text?: string;
  /** When it was begun, in milliseconds since 1970. Default: now. */
  readonly createdAtMs?: number;
}

/**
 * One log of items. Changes are committed together at the end of the turn of the event loop; each promise resolves after
 * that, and nobody is shown anything before. Where the commit fails, all changes of the turn reject and none is made.
 *
 * What changes can reject with: TIMELINE_DELETED, TIMELINE_ITEM_UNKNOWN (no such seq was committed),
 * TIMELINE_ITEM_TOO_LARGE, STORAGE_FULL, STORAGE_FAILED, STORAGE_CLOSED. Spec: TIMELINE-1 to TIMELINE-13.
 */
export interface TimelineLog {
  /** The name it was opened by. */
  readonly name: string;
  /** 16 random bytes as base64url, made with the log. Outlives the process. */
  readonly epoch: string;
  /** The log and its last committed revision. */
  readonly cursor: TimelineCursor;
  /** The seq of its last committed item; 0 where there is none. */
  readonly lastSeq: number;
  /** What a program keeps with the log, as it was committed last. Means nothing to the log. Spec: TIMELINE-13. */
  readonly record: Uint8Array;
  /** Adds an item at the end. The payload is kept as it is: do not change it afterwards. */
  append(payload: Uint8Array, options?: AppendOptions): Promise<TimelinePosition>;
  /** Adds text at the end of an item's text. Cut it between characters, never inside one. */
  appendText(seq: number, text: string): Promise<TimelinePosition>;
  /** Puts another payload and text in the place of an item's. Text default: empty. */
  replace(seq: number, payload: Uint8Array, text?: string): Promise<TimelinePosition>;
  /** Keeps another record with the log, in one transaction with all else of the turn. Do not change it afterwards. */
  setRecord(record: Uint8Array): Promise<void>;
  /** Reads a page of what is committed. @throws MoorlineError OPTION_INVALID, TIMELINE_DELETED, or what the storage says. */
  page(request?: PageRequest): TimelinePage;
  /**
   * Follows the log: everything that changed since the cursor, merged to one event for each item, a mark, then what
   * changes, a mark after each piece. Reads from the store when it is asked for the next event, so that a slow reader costs
   * no memory and gets less events. Ends when it is returned from, or when the log is deleted or its store closed.
   * @param cursor Where to begin. Default: at the beginning.
   */
  watch(cursor?: TimelineCursor): AsyncIterableIterator<TimelineEvent, undefined>;
}

/** What a store of timelines counts, from its opening on. */
export interface TimelineCounters {
  /** Commits that were made: each has all changes of a turn of the event loop. */
  readonly commits: number;
  /** Changes in them. */
  readonly changes: number;
  /** Commits that failed, with everything in them. */
  readonly failures: number;
}

/** Where logs are kept. */
export interface TimelineStore {
  /** What was counted. */
  readonly counters: TimelineCounters;
  /**
   * The log of a name. Makes it where there is none, and comes back when it is committed.
   * @param record What a new log begins with. Default: nothing. Too large a one rejects with TIMELINE_ITEM_TOO_LARGE.
   */
  open(name: string, record?: Uint8Array): Promise<TimelineLog>;
  /** Every log that is committed, in the order in which they were made. */
  list(): readonly TimelineLog[];
  /** The log of a name, where there is one that is committed. */
  find(name: string): TimelineLog | undefined;
  /** Deletes a log with all its items, and ends its watches. Does nothing where there is none. */
  delete(name: string): Promise<void>;
  /** Commits what waits, and ends all watches. What is asked of it afterwards fails with STORAGE_CLOSED. */
  close(): void;
}
