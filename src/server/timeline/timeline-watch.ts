import { Queue } from "../../core/queue.ts";
import type { RecentItems } from "./recent-items.ts";
import type { ChangedItem, LogHead, ReadLimit, TimelineBackend } from "./timeline-backend.ts";
import type { TimelineCursor, TimelineEvent } from "./timeline-store.ts";

/** What a watch needs of its log. */
export interface WatchedLog {
  readonly head: LogHead;
  readonly backend: TimelineBackend;
  /** What the last commit has appended, where it is still held. */
  readonly recent: RecentItems | undefined;
  /** Has the watch woken when something was committed, until it leaves. */
  join(watch: TimelineWatch): void;
  /** Wakes it no more. */
  leave(watch: TimelineWatch): void;
}

/** How much is read at once, and so the most that a watch holds. */
const LIMIT: ReadLimit = { maxRows: 256, maxBytes: 256 * 1024 };

/** Once through everything that had changed when it began, in the order of seq, so that no item is passed over. */
interface Pass {
  /** Where the log stood at its beginning. */
  readonly target: LogHead;
  /** The items to look at, where they are few; else all after `afterSeq` are. */
  readonly seqs: readonly number[] | undefined;
  readonly afterSeq: number;
}

/**
 * Follows a log. It holds no changes: asked for the next event, it reads from the backend what has changed since what it
 * has told. Spec: TIMELINE-6 to TIMELINE-10.
 */
export class TimelineWatch implements AsyncIterableIterator<TimelineEvent, undefined> {
  private readonly log: WatchedLog;
  private readonly events = new Queue<TimelineEvent>();
  private readonly wakers = new Queue<() => void>();
  private state: "begun" | "following" | "over" = "begun";
  private known: number;
  private pass: Pass | undefined;

  /** @param log The log. @param cursor Where to begin; undefined: at the beginning. */
  constructor(log: WatchedLog, cursor: TimelineCursor | undefined) {
    this.log = log;
    const isOwn = cursor === undefined || isOf(cursor, log.head);
    this.known = isOwn ? (cursor?.revision ?? 0) : 0;
    if (!isOwn) this.events.push({ kind: "epochChanged", epoch: log.head.epoch });
    log.join(this);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<TimelineEvent, undefined>> {
    while (!this.isOver) {
      const event = this.events.shift();
      if (event !== undefined) return { done: false, value: event };
      if (!this.read()) await new Promise<void>((resolve) => this.wakers.push(resolve));
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<TimelineEvent, undefined>> {
    this.end();
    return { done: true, value: undefined };
  }

  /** Something was committed. */
  wake(): void {
    for (let waker = this.wakers.shift(); waker !== undefined; waker = this.wakers.shift()) waker();
  }

  /** Ends the watch, whatever it has not told. */
  end(): void {
    this.state = "over";
    this.log.leave(this);
    this.wake();
  }

  private get isOver(): boolean {
    return this.state === "over";
  }

  /** @returns false where there is nothing to tell before the next commit. */
  private read(): boolean {
    try {
      if (this.tellRecent()) return true;
      const pass = this.pass ?? this.begin();
      if (pass === undefined) return false;
      this.pass = this.go(pass);
      if (this.pass === undefined) this.finish(pass);
      return true;
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** Tells the last commit from memory, where all before it was told: the common case of everybody who keeps up. */
  private tellRecent(): boolean {
    const { head, recent } = this.log;
    if (this.state !== "following" || this.pass !== undefined || recent?.since !== this.known) return false;
    for (const item of recent.items) this.events.push({ kind: "itemAppended", item });
    this.finish({ target: head, seqs: undefined, afterSeq: head.lastSeq });
    return true;
  }

  private begin(): Pass | undefined {
    const { head, backend } = this.log;
    if (this.state === "following" && head.revision === this.known) return undefined;
    const seqs = backend.changedSeqs(head.id, this.known, LIMIT.maxRows + 1);
    if (seqs.length <= LIMIT.maxRows) return { target: head, seqs: seqs.sort((a, b) => a - b), afterSeq: 0 };
    const first = backend.firstChangedSeq(head.id, this.known) ?? 1;
    return { target: head, seqs: undefined, afterSeq: first - 1 };
  }

  /** Reads a piece. @returns What is left of the pass. */
  private go({ target, seqs, afterSeq }: Pass): Pass | undefined {
    return seqs === undefined ? this.goThrough(target, afterSeq) : this.pick(target, seqs);
  }

  private goThrough(target: LogHead, afterSeq: number): Pass | undefined {
    const found = this.log.backend.changedAfter(target.id, this.known, afterSeq, LIMIT);
    // Later items belong to the next pass, which would tell them once more.
    for (const changed of found) if (changed.item.seq <= target.lastSeq) this.tell(changed);
    const lastSeq = found.at(-1)?.item.seq ?? target.lastSeq;
    return lastSeq >= target.lastSeq ? undefined : { target, seqs: undefined, afterSeq: lastSeq };
  }

  private pick(target: LogHead, seqs: readonly number[]): Pass | undefined {
    let bytes = 0;
    for (let i = 0; i < seqs.length; i += 1) {
      if (bytes >= LIMIT.maxBytes) return { target, seqs: seqs.slice(i), afterSeq: 0 };
      const found = this.log.backend.changedItem(target.id, this.known, seqs[i] as number);
      if (found === undefined) continue;
      this.tell(found);
      bytes += found.item.payload.length + found.item.text.length;
    }
    return undefined;
  }

  /** What was told may be newer than the target, and is told again then; it is never older. */
  private finish({ target: { epoch, revision } }: Pass): void {
    this.known = revision;
    this.state = "following";
    this.events.push({ kind: "mark", cursor: { epoch, revision } });
  }

  private tell({ item, news, textStart }: ChangedItem): void {
    if (news === "appended") this.events.push({ kind: "itemAppended", item });
    else if (news === "replaced") this.events.push({ kind: "itemReplaced", item });
    else {
      const { seq, text, revision } = item;
      this.events.push({ kind: "textAppended", seq, offset: textStart, text, revision });
    }
  }
}

function isOf({ epoch, revision }: TimelineCursor, head: LogHead): boolean {
  return epoch === head.epoch && Number.isSafeInteger(revision) && revision >= 0 && revision <= head.revision;
}
