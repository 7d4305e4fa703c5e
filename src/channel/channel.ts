import type { ChannelLossReason } from "../../gen/moorline/session/v1/error_pb.ts";
import type { Frames } from "../../gen/moorline/session/v1/packet_moorline.ts";
import { channelLimits, type LocalChannelLimits } from "../wire/limits.ts";
import { acceptFrames, type Violation } from "./accept.ts";
import type { Call, CallChannel, OpenOptions } from "./call.ts";
import { CallBook, type PeerLimits } from "./call-book.ts";
import type { ChannelCounters } from "./counters.ts";
import { Inbox } from "./inbox.ts";
import { Outbox } from "./outbox.ts";
import { takePacket } from "./packets.ts";

/** How a channel is made. */
export interface ChannelOptions {
  /** The end that it is. The client opens calls with odd ids, the server with even ones. */
  readonly role: "client" | "server";
  /** The limits of this side. Default: `channelLimits`. */
  readonly limits?: LocalChannelLimits;
  /** What the peer has offered. Default: the same as the defaults of this side, until `setPeerLimits`. */
  readonly peerLimits?: PeerLimits;
}

/** A call was opened on a channel that is lost. */
export class ChannelLostError extends Error {
  override readonly name = "ChannelLostError";
  /** Why it was lost. */
  readonly reason: ChannelLossReason;

  /** @param reason Why the channel was lost. */
  constructor(reason: ChannelLossReason) {
    super("the channel is lost");
    this.reason = reason;
  }
}

/** `detached`: no connection carries the channel. `lost`: it never will again. */
export type ChannelPhase =
  | { readonly name: "detached" | "attached" }
  | { readonly name: "lost"; readonly reason: ChannelLossReason };

/**
 * One end of a channel, without any input or output: packets come in by `accept` and go out by `take`, time comes in as an
 * argument. It numbers, acknowledges, replays, and multiplexes calls. Spec: CHAN, FRAME, CALL, CREDIT.
 */
export class Channel implements CallChannel {
  /** The limits of this side. */
  readonly limits: LocalChannelLimits;
  /** What was counted and dropped. */
  readonly counters: ChannelCounters = { unknownFrames: 0, lateFrames: 0, duplicateFrames: 0 };
  onCall: ((call: Call) => void) | undefined = undefined;
  /** Who is told that `take` has something to give. At most once until it is called again. */
  onWork: (() => void) | undefined = undefined;
  /** Who is told that the next packet is full: it may leave at once. */
  onFullPacket: (() => void) | undefined = undefined;
  private phase: ChannelPhase = { name: "detached" };
  private readonly outbox = new Outbox();
  private readonly inbox: Inbox;
  private readonly book: CallBook;

  constructor(options: ChannelOptions) {
    this.limits = options.limits ?? channelLimits;
    this.inbox = new Inbox(this.limits);
    this.book = new CallBook(options.role, this.limits, options.peerLimits ?? channelLimits, this);
  }

  /** Whether a connection carries the channel now. */
  get isAttached(): boolean {
    return this.phase.name === "attached";
  }

  /** Why the channel was lost. Undefined while it is not. */
  get lossReason(): ChannelLossReason | undefined {
    return this.phase.name === "lost" ? this.phase.reason : undefined;
  }

  /** Frames accepted from the peer: what a hello, a Welcome and every packet tell it. */
  get received(): number {
    return this.inbox.received;
  }

  /** Frames numbered so far. */
  get sent(): number {
    return this.outbox.sent;
  }

  /** Frames that the peer has acknowledged. */
  get acknowledged(): number {
    return this.outbox.acknowledged;
  }

  /** Frames that were sent again because their connection was lost, each time counted. */
  get replayed(): number {
    return this.outbox.replayed;
  }

  /** Calls that are open, those of this side and those of the peer. */
  get calls(): Iterable<Call> & { readonly size: number } {
    return this.book.all;
  }

  /** Bytes that the channel holds: numbered and not acknowledged, received and not read. */
  get heldBytes(): number {
    let bytes = this.outbox.heldBytes;
    for (const call of this.book.all) bytes += call.incoming.heldBytes;
    return bytes;
  }

  /** Whether everything that was queued has been numbered and acknowledged. */
  get isFlushed(): boolean {
    if (this.outbox.heldBytes > 0 || this.book.scheduler.peek() !== undefined) return false;
    // What waits for credit is not sendable, and not sent either.
    return [...this.book.all].every(({ outgoing }) => outgoing.isEmpty);
  }

  /** Takes what the peer has offered. Once, before the first attach. Calls above its limit end with RESOURCE_EXHAUSTED. */
  setPeerLimits(limits: PeerLimits): void {
    this.book.setPeerLimits(limits);
    this.book.deliver(this.onCall);
  }

  /**
   * A connection carries the channel from now on. What is not acknowledged goes again, then what waits is numbered.
   * @param peerReceived Frames that the peer says it has accepted. Lower than was acknowledged is fine: positions only rise.
   * @returns false where the peer has more than was sent; nothing was changed.
   */
  attach(peerReceived: number): boolean {
    if (this.phase.name === "lost" || !this.outbox.acknowledge(peerReceived)) return false;
    this.outbox.rewind();
    this.inbox.forget();
    this.phase = { name: "attached" };
    this.onWork?.();
    return true;
  }

  /** No connection carries the channel any more. Nothing is numbered until the next one. */
  detach(): void {
    if (this.phase.name === "attached") this.phase = { name: "detached" };
  }

  /**
   * The channel is lost: every call ends with it, NOT_SENT where its opening was never numbered, UNKNOWN where it was.
   * Listeners hear of it before this returns.
   */
  lose(reason: ChannelLossReason): void {
    if (this.phase.name === "lost") return;
    this.phase = { name: "lost", reason };
    for (const call of this.book.all) call.lose(reason);
    this.outbox.clear();
    this.book.deliver(this.onCall);
  }

  open(options: OpenOptions): Call {
    if (this.phase.name === "lost") throw new ChannelLostError(this.phase.reason);
    return this.book.open(options);
  }

  /**
   * Takes the `received` of a packet, before its body.
   * @returns What the peer broke, if anything.
   */
  acknowledge(received: number): Violation | undefined {
    if (this.outbox.acknowledge(received)) return undefined;
    return { kind: "position_impossible", message: `${received} frames acknowledged, ${this.outbox.sent} sent` };
  }

  /**
   * Accepts the frames of a packet, all of them before any listener or handler hears of one.
   * @param bytes What the packet took on the wire.
   * @returns What the peer broke, if anything. Frames before it were accepted.
   */
  accept(frames: Frames, bytes: number, nowMs: number): Violation | undefined {
    if (this.phase.name === "lost") return undefined;
    const violation = acceptFrames(frames, bytes, nowMs, {
      limits: this.limits,
      counters: this.counters,
      inbox: this.inbox,
      calls: this.book,
    });
    this.book.deliver(this.onCall);
    this.book.borrow(bytes);
    return violation;
  }

  /** Whether `take` may have something to give. */
  get hasWork(): boolean {
    return this.outbox.hasReplay || this.book.scheduler.peek() !== undefined;
  }

  /** Whether the peer should be told of what was accepted by a packet of its own, now. */
  get isAckDue(): boolean {
    return this.inbox.isAckDue;
  }

  /** When the peer has to be told at the latest. Undefined where it knows. */
  get ackDueAtMs(): number | undefined {
    return this.inbox.ackDueAtMs;
  }

  /** `received`, for a packet that leaves now. */
  tellReceived(): number {
    this.inbox.tell();
    return this.inbox.received;
  }

  /**
   * Makes the next packet of frames, encoded: what has to be sent again first, then what waits, each call in its turn.
   * @returns undefined where nothing may go: nothing waits, no credit, no connection, or too much is unacknowledged.
   */
  take(nowMs: number): Uint8Array | undefined {
    if (this.phase.name !== "attached") return undefined;
    return takePacket(this.limits, this.outbox, this.inbox, this.book, nowMs);
  }
}
