import { Queue } from "../core/queue.ts";
import type { LocalChannelLimits } from "../wire/limits.ts";
import { Assembly } from "./assembly.ts";
import { LimitError } from "./call.ts";
import { type CreditBudget, CreditWindow } from "./credit-window.ts";

/** A message that keeps more than this many times its own size alive is copied out of its packet. */
const MAX_SPREAD = 4;

/** A message that waits for its reader, and the credit that reading it gives back. */
interface Unread {
  message: Uint8Array;
  readonly refund: number;
}

/** A message that began as parts and has not ended. */
interface Unfinished {
  readonly parts: Assembly;
  /** What the parts cost so far. */
  cost: number;
  /** How much of the cost was paid back before the message was whole. */
  prepaid: number;
}

/**
 * The receiving half of one call: messages that wait for their reader, the one that is being put together, and the credit
 * that the peer has left. Spec: CREDIT.
 */
export class IncomingHalf {
  private readonly limits: LocalChannelLimits;
  private readonly queue = new Queue<Unread>();
  private readonly budget: CreditBudget;
  /** Made when it is needed: most calls never give credit back. */
  private madeWindow: CreditWindow | undefined = undefined;
  private unfinished: Unfinished | undefined = undefined;
  /** What the peer may still send; below 0 by at most one frame. */
  private allowance: number;
  /** What was read and not yet given back. */
  private owed = 0;
  private unreadBytes = 0;
  /** How many messages came since `own`: they may be views into packets. */
  private borrowed = 0;
  /** The reader has asked for a message and got none. */
  private readerWaits = false;

  /** @param limits Credit and sizes. @param budget What the credit of the channel's calls may grow by. */
  constructor(limits: LocalChannelLimits, budget: CreditBudget) {
    this.limits = limits;
    this.budget = budget;
    this.allowance = limits.initialCreditBytes;
  }

  /** Bytes that were received and not read. */
  get heldBytes(): number {
    return this.unreadBytes;
  }

  /** Whether nothing waits for the reader. */
  get isEmpty(): boolean {
    return this.queue.length === 0;
  }

  /** Whether a message has begun as parts and not ended. */
  get hasUnfinished(): boolean {
    return this.unfinished !== undefined;
  }

  /** Whether an unfinished message is all that a waiting reader can get: only then are its parts paid back early. */
  get isStarved(): boolean {
    return this.unfinished !== undefined && this.readerWaits && this.queue.length === 0;
  }

  /** Whether so much is owed that the peer should be told. */
  get isCreditDue(): boolean {
    return this.owed > 0 && this.owed * 4 >= this.windowBytes;
  }

  /** Raises what the peer may send, as the opening of a call may ask for. */
  widen(bytes: number): void {
    if (bytes === 0) return;
    this.allowance += bytes;
    this.window.widen(bytes);
  }

  /** Takes the next message. Where there is none, the reader counts as waiting. */
  read(): Uint8Array | undefined {
    const unread = this.queue.shift();
    this.readerWaits = unread === undefined;
    if (unread === undefined) return undefined;
    this.unreadBytes -= unread.message.length;
    this.owed += unread.refund;
    return unread.message;
  }

  /** Whether the reader waits; it does no more afterwards, for it is about to be told. */
  wakeReader(): boolean {
    const waited = this.readerWaits;
    this.readerWaits = false;
    return waited;
  }

  /** Takes all credit that is owed, and what the window grows by, to be sent to the peer. */
  takeCredit(nowMs: number): number {
    const credit = this.owed + this.window.read(this.owed, nowMs);
    this.owed = 0;
    this.allowance += credit;
    return credit;
  }

  /**
   * Accepts a piece of a message that is not its last.
   * @returns The limit that the peer has overrun, if any: the call has to end.
   */
  acceptPart(part: Uint8Array): LimitError | undefined {
    const overrun = this.charge(part.length);
    if (overrun !== undefined) return overrun;
    this.unfinished ??= { parts: new Assembly(), cost: 0, prepaid: 0 };
    this.unfinished.parts.add(part);
    this.unfinished.cost += part.length + this.limits.messageOverheadBytes;
    this.unreadBytes += part.length;
    return this.checkSize(this.unfinished.parts.bytes);
  }

  /**
   * Accepts a whole message, or the last piece of the unfinished one.
   * @returns The limit that the peer has overrun, if any: the call has to end.
   */
  acceptMessage(message: Uint8Array): LimitError | undefined {
    const overrun = this.charge(message.length);
    if (overrun !== undefined) return overrun;
    const cost = message.length + this.limits.messageOverheadBytes;
    this.unreadBytes += message.length;
    this.borrowed += 1;
    const unfinished = this.unfinished;
    if (unfinished === undefined) {
      this.queue.push({ message, refund: cost });
      return this.checkSize(message.length);
    }
    this.unfinished = undefined;
    const { parts, prepaid } = unfinished;
    parts.add(message);
    const tooLarge = this.checkSize(parts.bytes);
    if (tooLarge === undefined) this.queue.push({ message: parts.join(), refund: unfinished.cost + cost - prepaid });
    return tooLarge;
  }

  /** Copies what nobody has read yet out of its packets, where it is a small piece of them: it would keep them alive. */
  own(): void {
    const { queue } = this;
    for (let i = Math.max(0, queue.length - this.borrowed); i < queue.length; i += 1) {
      const unread = queue.at(i) as Unread;
      const { message } = unread;
      if (message.length * MAX_SPREAD < message.buffer.byteLength) unread.message = message.slice();
    }
    this.borrowed = 0;
  }

  /** Pays back what the parts of the unfinished message have cost, so that a message larger than the credit gets through. */
  prepay(): void {
    const unfinished = this.unfinished;
    if (unfinished === undefined) return;
    this.owed += unfinished.cost - unfinished.prepaid;
    unfinished.prepaid = unfinished.cost;
  }

  /** Discards the unfinished message: its last piece will not come. */
  discardUnfinished(): void {
    this.unreadBytes -= this.unfinished?.parts.bytes ?? 0;
    this.unfinished = undefined;
  }

  /** Discards everything: nobody will read it. */
  discard(): void {
    this.queue.clear();
    this.unfinished = undefined;
    this.unreadBytes = 0;
    this.owed = 0;
  }

  /** Nothing more comes: what the window has grown by may go to others. */
  release(): void {
    this.madeWindow?.release();
  }

  private get window(): CreditWindow {
    this.madeWindow ??= new CreditWindow(this.limits, this.budget);
    return this.madeWindow;
  }

  private get windowBytes(): number {
    return this.madeWindow?.size ?? this.limits.initialCreditBytes;
  }

  private charge(payloadBytes: number): LimitError | undefined {
    if (this.allowance <= 0) {
      return new LimitError("CREDIT", this.windowBytes, this.windowBytes + payloadBytes);
    }
    this.allowance -= payloadBytes + this.limits.messageOverheadBytes;
    return undefined;
  }

  private checkSize(bytes: number): LimitError | undefined {
    const max = this.limits.maxMessageBytes;
    return bytes > max ? new LimitError("MESSAGE_BYTES", max, bytes) : undefined;
  }
}
