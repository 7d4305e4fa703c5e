import { CallOutcome, type ChannelLossReason } from "../../gen/moorline/session/v1/error_pb.ts";
import type { Frame, Header } from "../../gen/moorline/session/v1/packet_moorline.ts";
import { sizeFrame } from "../../gen/moorline/session/v1/packet_moorline.ts";
import type { RosterMember } from "../core/roster.ts";
import type { LocalChannelLimits } from "../wire/limits.ts";
import type { Call, CallClose, CallListener, CallRequest, CallResult } from "./call.ts";
import { LimitError } from "./call.ts";
import type { CreditBudget } from "./credit-window.ts";
import { endFrame, frameOf, okResult } from "./frames.ts";
import { IncomingHalf } from "./incoming.ts";
import { limitResult } from "./limit-result.ts";
import { OutgoingHalf } from "./outgoing.ts";
import { Place, type Sender } from "./scheduler.ts";

/** The number of UNIMPLEMENTED in google.rpc.Code. */
const UNIMPLEMENTED = 12;

/** What a call needs of its channel. */
export interface CallHost {
  /** The limits of this side. */
  readonly limits: LocalChannelLimits;
  /** What the credit of calls may grow by. */
  readonly creditBudget: CreditBudget;
  /** The largest message that the peer takes. */
  readonly peerMaxMessageBytes: number;
  /** The call has something to send. */
  schedule(call: ChannelCall): void;
  /** What is queued fills a packet. */
  hasFullPacket(): void;
  /** A message has begun or ended as parts, or a reader waits: the channel looks which unfinished message it pays back. */
  payBack(call: ChannelCall): void;
  /** The listener of the call has to hear something, after everything under way is done. */
  notify(call: ChannelCall): void;
  /** The call no longer counts. */
  forget(call: ChannelCall): void;
}

/**
 * `waiting`: the opening has no number yet. `open`: both sides know the call. `ending`: the callee's end is queued.
 * `cancelling`: the caller's cancellation is queued. `closed`: the call no longer counts.
 */
export type CallPhase = "waiting" | "open" | "ending" | "cancelling" | "closed";

/** What the listener of a call has yet to hear. */
interface Notices {
  headers: readonly Header[] | undefined;
  readable: boolean;
  writable: boolean;
  closed: CallClose | undefined;
}

/** A call as its channel keeps it. Spec: CALL. */
export class ChannelCall implements Call, Sender<ChannelCall>, RosterMember {
  readonly role: "caller" | "callee";
  readonly method: string;
  readonly request: CallRequest;
  readonly urgentPlace: Place<ChannelCall> = new Place<ChannelCall>(this);
  readonly readyPlace: Place<ChannelCall> = new Place<ChannelCall>(this);
  readonly incoming: IncomingHalf;
  readonly outgoing: OutgoingHalf;
  listener: CallListener;
  /** 0 while the opening has no number. */
  id: number;
  phase: CallPhase;
  rosterIndex = -1;
  /** Which halves have ended: no message is queued here any more, none may come from the peer. */
  private readonly halves: { local: "open" | "ended"; peer: "open" | "ended" } = { local: "open", peer: "open" };
  private readonly host: CallHost;
  private notices: Notices | undefined = undefined;

  constructor(
    host: CallHost,
    init: { id: number; method: string; request: CallRequest; credit: number; listener: CallListener },
  ) {
    this.host = host;
    this.id = init.id;
    this.role = init.id === 0 ? "caller" : "callee";
    this.phase = init.id === 0 ? "waiting" : "open";
    this.method = init.method;
    this.request = init.request;
    this.listener = init.listener;
    this.incoming = new IncomingHalf(host.limits, host.creditBudget);
    this.outgoing = new OutgoingHalf(host.limits, init.credit);
  }

  get isClosed(): boolean {
    return this.phase !== "open" && this.phase !== "waiting";
  }

  get isWritable(): boolean {
    return this.halves.local === "open" && !this.isClosed && this.outgoing.isWritable;
  }

  get isDrained(): boolean {
    return this.halves.peer === "ended" && this.incoming.isEmpty;
  }

  /** Whether credit, the cancellation or the end can go. */
  get isUrgent(): boolean {
    if (this.phase === "cancelling") return true;
    if (this.phase === "closed" || this.phase === "waiting") return false;
    if (this.phase === "ending") return this.outgoing.isEndSendable;
    return this.isCreditDue;
  }

  /** Whether so much has been read that the peer should be told. */
  get isCreditDue(): boolean {
    return this.phase === "open" && this.halves.peer === "open" && this.incoming.isCreditDue;
  }

  /** Whether anything else can go. */
  get isSendable(): boolean {
    return this.phase !== "closed" && this.phase !== "cancelling" && this.outgoing.isSendable;
  }

  read(): Uint8Array | undefined {
    const message = this.incoming.read();
    if (message === undefined) this.host.payBack(this);
    else if (this.isCreditDue) this.host.schedule(this);
    return message;
  }

  send(message: Uint8Array, last = false): void {
    if (this.isClosed || this.halves.local === "ended") return;
    const max = this.host.peerMaxMessageBytes;
    if (message.length > max) throw new LimitError("MESSAGE_BYTES", max, message.length);
    if (last) this.halves.local = "ended";
    this.outgoing.send(message, last);
    this.host.schedule(this);
    if (this.outgoing.fillsPacket) this.host.hasFullPacket();
  }

  sendHeaders(headers: readonly Header[]): void {
    if (this.isClosed) return;
    const max = this.host.limits.maxFrameBytes;
    const size = sizeFrame(frameOf(this.id, false, { case: "headers", value: { headers, unknown: undefined } }));
    if (size > max) throw new LimitError("FRAME_BYTES", max, size);
    this.outgoing.sendHeaders(headers);
    this.host.schedule(this);
  }

  halfClose(): void {
    if (this.isClosed || this.halves.local === "ended") return;
    this.endLocalHalf();
    this.outgoing.halfClose();
    this.host.schedule(this);
  }

  /** Nothing more is sent, for the half ended with what opened the call. */
  endLocalHalf(): void {
    this.halves.local = "ended";
  }

  end(result: CallResult): void {
    if (this.phase !== "open" || this.role !== "callee") return;
    this.phase = "ending";
    this.halves.local = "ended";
    this.incoming.discard();
    this.host.payBack(this);
    this.outgoing.end(this.fitting(result));
    this.host.schedule(this);
  }

  cancel(): void {
    if (this.isClosed || this.role !== "caller") return;
    if (this.phase === "waiting") {
      this.abandon();
      return;
    }
    this.outgoing.discard();
    this.incoming.discard();
    this.host.payBack(this);
    this.phase = "cancelling";
    this.host.schedule(this);
  }

  /** Makes the next frame of the call under the id, if one goes within `room` bytes. */
  takeFrame(id: number, room: number, nowMs: number): Frame | undefined {
    if (this.phase === "cancelling") {
      this.leave();
      return frameOf(id, false, { case: "cancel", value: { unknown: undefined } });
    }
    if (this.isCreditDue) {
      const bytes = this.incoming.takeCredit(nowMs);
      return frameOf(id, false, { case: "credit", value: { bytes, unknown: undefined } });
    }
    const frame = this.outgoing.takeFrame(id, room, nowMs);
    if (frame?.body.case === "end") this.leave();
    return frame;
  }

  /** Callee: hands the call to whoever serves the calls of the peer, or ends it where nobody does. */
  serve(onCall: ((call: Call) => void) | undefined): void {
    if (onCall !== undefined) onCall(this);
    else this.end({ ...okResult, code: UNIMPLEMENTED, message: `nobody serves ${this.method} here` });
  }

  /** Callee: ends the call before anybody has seen it. */
  refuse(error: LimitError): void {
    this.end(limitResult(error, CallOutcome.NOT_SENT));
  }

  /** The opening has its number. */
  numbered(): void {
    if (this.phase === "waiting") this.phase = "open";
  }

  /** Accepts a message, or a piece of one. The peer's half ends with `last`. */
  accept(payload: Uint8Array, kind: "message" | "part", last: boolean): void {
    const incoming = this.incoming;
    const overrun = kind === "part" ? incoming.acceptPart(payload) : incoming.acceptMessage(payload);
    if (overrun !== undefined) {
      this.overrun(overrun);
      return;
    }
    if (last) this.halves.peer = "ended";
    if (kind === "message" && incoming.wakeReader()) this.noticesDue().readable = true;
  }

  /** Whether the peer may still send messages. */
  get isPeerOpen(): boolean {
    return this.halves.peer === "open";
  }

  /** Accepts the end of the peer's half. */
  acceptHalfClose(): void {
    this.halves.peer = "ended";
    this.incoming.discardUnfinished();
    if (this.incoming.wakeReader()) this.noticesDue().readable = true;
  }

  /** Accepts credit. */
  acceptCredit(bytes: number): void {
    const wasBlocked = !this.outgoing.isWritable;
    this.outgoing.addCredit(bytes);
    if (wasBlocked && this.isWritable) this.noticesDue().writable = true;
    this.host.schedule(this);
  }

  /** Accepts the response headers. */
  acceptHeaders(headers: readonly Header[]): void {
    this.noticesDue().headers = headers;
  }

  /** The call is over by something that the peer, or the channel, has done. */
  acceptClose(close: CallClose): void {
    this.halves.peer = "ended";
    this.halves.local = "ended";
    this.outgoing.discard();
    this.incoming.discardUnfinished();
    const notices = this.noticesDue();
    notices.closed = close;
    if (close.kind !== "ended") this.incoming.discard();
    if (this.incoming.wakeReader()) notices.readable = true;
    this.leave();
  }

  /** The channel is lost. Who has ended the call before hears nothing more of it. */
  lose(reason: ChannelLossReason): void {
    const outcome = this.phase === "waiting" ? CallOutcome.NOT_SENT : CallOutcome.UNKNOWN;
    if (this.isClosed) this.abandon();
    else this.acceptClose({ kind: "lost", reason, outcome });
  }

  /** The call is over without a word: there is nobody left to tell, or nobody ever knew. */
  abandon(): void {
    this.outgoing.discard();
    this.incoming.discard();
    this.leave();
  }

  /** Tells the listener what it has yet to hear. */
  deliver(): void {
    const notices = this.notices;
    if (notices === undefined) return;
    this.notices = undefined;
    if (notices.headers !== undefined) this.listener.headers(notices.headers);
    if (notices.closed !== undefined) this.listener.closed(notices.closed);
    if (notices.readable) this.listener.readable();
    if (notices.writable && notices.closed === undefined) this.listener.writable();
  }

  private overrun(error: LimitError): void {
    if (this.role === "callee") this.end(limitResult(error));
    else this.cancel();
    const notices = this.noticesDue();
    notices.closed = { kind: "overrun", error };
    if (this.incoming.wakeReader()) notices.readable = true;
  }

  private leave(): void {
    this.phase = "closed";
    this.incoming.release();
    this.host.forget(this);
  }

  private noticesDue(): Notices {
    if (this.notices === undefined) {
      this.notices = { headers: undefined, readable: false, writable: false, closed: undefined };
      this.host.notify(this);
    }
    return this.notices;
  }

  /** The result, or the typed error that takes its place where it does not fit a frame, or its message the peer. */
  private fitting(result: CallResult): CallResult {
    const maxMessage = this.host.peerMaxMessageBytes;
    const messageBytes = result.lastMessage?.length ?? 0;
    if (messageBytes > maxMessage) return limitResult(new LimitError("MESSAGE_BYTES", maxMessage, messageBytes));
    const maxFrame = this.host.limits.maxFrameBytes;
    const size = sizeFrame(endFrame(this.id, { ...result, lastMessage: undefined }));
    return size > maxFrame ? limitResult(new LimitError("FRAME_BYTES", maxFrame, size)) : result;
  }
}
