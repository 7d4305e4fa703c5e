import type { CallOpen, Frame, Header } from "../../gen/moorline/session/v1/packet_moorline.ts";
import { sizeFrame } from "../../gen/moorline/session/v1/packet_moorline.ts";
import { Queue } from "../core/queue.ts";
import type { LocalChannelLimits } from "../wire/limits.ts";
import type { CallResult } from "./call.ts";
import { endFrame, frameOf, messageFrame } from "./frames.ts";

/** A frame that has yet to go: its call may have no id before. */
type Draft = { -readonly [Key in keyof Frame]: Frame[Key] };

/** Room that has to be left in a packet before a piece of a message is cut to fit it. */
const LEAST_PART_BYTES = 4 * 1024;
/** What a frame needs beside the payload of its message: call id, last, tag and length, at most. */
const FRAME_OVERHEAD_BYTES = 32;

/**
 * The sending half of one call: what is queued, and the credit that lets it go. It makes frames, it does not number them.
 * Spec: CALL, CREDIT.
 */
export class OutgoingHalf {
  private readonly limits: LocalChannelLimits;
  /** What has yet to go, in order. */
  private readonly queue = new Queue<Draft>();
  /** When the time of the call that is queued is up. */
  private deadlineMs: number | undefined = undefined;
  /** What the callee ends the call with, once everything queued has gone. */
  private result: CallResult | undefined = undefined;
  /** How much of the message at the head has gone as parts. */
  private partOffset = 0;
  /** Credit in bytes; below 0 by at most one frame. */
  private credit: number;
  /** Cost of the queued messages, parts that have gone not included. */
  private queuedCost = 0;

  /** @param limits Sizes of frames. @param credit What the peer grants each call at its start, in bytes. */
  constructor(limits: LocalChannelLimits, credit: number) {
    this.limits = limits;
    this.credit = credit;
  }

  /** Whether the credit covers more than what is queued already. */
  get isWritable(): boolean {
    return this.credit - this.queuedCost > 0;
  }

  /** Whether nothing waits to be sent. */
  get isEmpty(): boolean {
    return this.queue.length === 0 && this.result === undefined;
  }

  /** Whether what is queued fills a packet. */
  get fillsPacket(): boolean {
    const { maxPacketBytes, messageOverheadBytes } = this.limits;
    return this.queuedCost >= maxPacketBytes + this.queue.length * messageOverheadBytes;
  }

  /** Bytes of what is queued, overhead included. */
  get queuedBytes(): number {
    return this.queuedCost;
  }

  /** Whether a frame may go now, other than the end of the call. */
  get isSendable(): boolean {
    const head = this.queue.at(0);
    return head !== undefined && (this.credit > 0 || head.body.case !== "message");
  }

  /** Whether the end of the call may go now: everything before it has gone. */
  get isEndSendable(): boolean {
    if (this.result === undefined || this.queue.length > 0) return false;
    return this.result.lastMessage === undefined || this.credit > 0;
  }

  /** Adds credit, also a negative correction. The most that there can be stands for no limit. */
  addCredit(bytes: number): void {
    this.credit = Math.min(this.credit + bytes, Number.MAX_SAFE_INTEGER);
  }

  /** Queues the opening, whose message, if it has one, fits its frame. */
  open(open: CallOpen, deadlineMs: number | undefined, last: boolean): void {
    this.queue.push(frameOf(0, last, { case: "open", value: open }));
    this.deadlineMs = deadlineMs;
    if (open.message !== undefined) this.queuedCost += this.costOf(open.message);
  }

  /** Queues a message. */
  send(message: Uint8Array, last: boolean): void {
    this.queue.push(messageFrame(0, last, message));
    this.queuedCost += this.costOf(message);
  }

  /** Queues response headers. */
  sendHeaders(headers: readonly Header[]): void {
    this.queue.push(frameOf(0, false, { case: "headers", value: { headers, unknown: undefined } }));
  }

  /** Queues the end of the caller's half. */
  halfClose(): void {
    this.queue.push(frameOf(0, false, { case: "halfClose", value: { unknown: undefined } }));
  }

  /** Sets what the call ends with. The last message goes as a message of its own where it does not fit the end's frame. */
  end(result: CallResult): void {
    const message = result.lastMessage;
    if (message !== undefined && sizeFrame(endFrame(Number.MAX_SAFE_INTEGER, result)) > this.limits.maxFrameBytes) {
      this.send(message, false);
      this.result = { ...result, lastMessage: undefined };
      return;
    }
    this.result = result;
    if (message !== undefined) this.queuedCost += this.costOf(message);
  }

  /** Discards everything that has not gone. */
  discard(): void {
    this.queue.clear();
    this.result = undefined;
    this.partOffset = 0;
    this.queuedCost = 0;
  }

  /**
   * Makes the next frame, which may be at most `room` bytes with its length prefix.
   * @returns undefined where nothing may go, or where what may go next does not fit the room.
   */
  takeFrame(callId: number, room: number, nowMs: number): Frame | undefined {
    const head = this.queue.at(0);
    if (head === undefined) return this.takeEnd(callId, room);
    head.callId = callId;
    const { body } = head;
    if (body.case === "message") return this.takeMessage(head, body.value, room);
    if (body.case === "open" && this.deadlineMs !== undefined) {
      const timeoutMs = Math.max(0, Math.round(this.deadlineMs - nowMs));
      head.body = { case: "open", value: { ...body.value, timeoutMs } };
    }
    if (sizeFrame(head) + FRAME_OVERHEAD_BYTES > room) return undefined;
    this.queue.shift();
    if (body.case === "open" && body.value.message !== undefined) this.spend(body.value.message.length);
    return head;
  }

  private takeEnd(callId: number, room: number): Frame | undefined {
    const result = this.result;
    if (result === undefined || !this.isEndSendable) return undefined;
    const frame = endFrame(callId, result);
    if (sizeFrame(frame) + FRAME_OVERHEAD_BYTES > room) return undefined;
    if (result.lastMessage !== undefined) this.spend(result.lastMessage.length);
    this.result = undefined;
    return frame;
  }

  private takeMessage(head: Draft, message: Uint8Array, room: number): Frame | undefined {
    if (this.credit <= 0) return undefined;
    const left = message.length - this.partOffset;
    const fits = Math.min(room, this.limits.maxFrameBytes) - FRAME_OVERHEAD_BYTES;
    if (left <= fits) {
      if (this.partOffset > 0) head.body = { case: "message", value: message.subarray(this.partOffset) };
      this.queue.shift();
      this.partOffset = 0;
      this.spend(left);
      return head;
    }
    const isOverFrame = left > this.limits.maxFrameBytes - FRAME_OVERHEAD_BYTES;
    if (!isOverFrame || fits < LEAST_PART_BYTES) return undefined;
    const part = message.subarray(this.partOffset, this.partOffset + fits);
    this.partOffset += fits;
    // Each part costs the overhead again; the queue counted it once for the whole message.
    this.queuedCost += this.limits.messageOverheadBytes;
    this.spend(fits);
    return frameOf(head.callId, false, { case: "part", value: part });
  }

  private costOf(message: Uint8Array): number {
    return message.length + this.limits.messageOverheadBytes;
  }

  private spend(payloadBytes: number): void {
    const cost = payloadBytes + this.limits.messageOverheadBytes;
    this.credit -= cost;
    this.queuedCost -= cost;
  }
}
