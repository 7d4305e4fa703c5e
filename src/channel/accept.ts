import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import type { CallEnd, Frame, Frames } from "../../gen/moorline/session/v1/packet_moorline.ts";
import { sizeFrame } from "../../gen/moorline/session/v1/packet_moorline.ts";
import type { LocalChannelLimits } from "../wire/limits.ts";
import type { CallBook } from "./call-book.ts";
import type { ChannelCall } from "./channel-call.ts";
import type { ChannelCounters } from "./counters.ts";
import type { Inbox } from "./inbox.ts";

/** A rule of the protocol that the peer broke. */
export interface Violation {
  /**
   * `gap`: a frame number was skipped; the connection ends and the channel resumes. `violation` and `malformed`: the peer
   * is wrong. `position_impossible`: the two sides do not agree on what was sent; the channel is lost.
   */
  readonly kind: "gap" | "violation" | "malformed" | "position_impossible";
  /** What was broken, for people. */
  readonly message: string;
}

/** With which code a connection ends whose peer broke a rule. Spec: CHAN-4, CHAN-8, FRAME-1. */
export function closeCodeOf(kind: Violation["kind"], role: "client" | "server"): CloseCode {
  switch (kind) {
    case "gap":
      return CloseCode.PROTOCOL_GAP;
    case "violation":
      return CloseCode.PROTOCOL_VIOLATION;
    case "malformed":
      return CloseCode.PACKET_MALFORMED;
    case "position_impossible":
      return role === "client" ? CloseCode.CHANNEL_DONE : CloseCode.CHANNEL_LOST;
  }
}

/** What accepting works on. */
export interface AcceptTarget {
  /** The limits of this side. */
  readonly limits: LocalChannelLimits;
  /** What is counted and dropped. */
  readonly counters: ChannelCounters;
  /** Where accepted frames are counted. */
  readonly inbox: Inbox;
  /** The calls that frames belong to. */
  readonly calls: CallBook;
}

/**
 * Accepts the frames of a packet in order: duplicates are dropped, a gap ends it. Nobody is told anything here.
 * @returns What the peer broke, if anything; frames before it were accepted.
 */
export function acceptFrames(
  frames: Frames,
  bytes: number,
  nowMs: number,
  target: AcceptTarget,
): Violation | undefined {
  const { inbox, counters } = target;
  const list = frames.frames;
  if (list.length === 0) return undefined;
  if (frames.first === 0) return { kind: "violation", message: "frames without the number of their first" };
  if (frames.first > inbox.received + 1) {
    return { kind: "gap", message: `frame ${frames.first} came after frame ${inbox.received}` };
  }
  const known = Math.min(list.length, inbox.received + 1 - frames.first);
  counters.duplicateFrames += known;
  if (known > 0) inbox.forget();
  const { maxFrameBytes } = target.limits;
  let accepted = known;
  let violation: Violation | undefined;
  while (accepted < list.length && violation === undefined) {
    const frame = list[accepted] as Frame;
    // A small packet holds no large frame: the size is asked for only where it may matter.
    if (bytes > maxFrameBytes && sizeFrame(frame) > maxFrameBytes) {
      violation = { kind: "malformed", message: `a frame over ${maxFrameBytes} bytes` };
    } else {
      const wrong = acceptFrame(frame, nowMs, target);
      if (wrong === undefined) accepted += 1;
      else violation = { kind: "violation", message: wrong };
    }
  }
  inbox.accept(accepted - known, bytes, nowMs);
  return violation;
}

/** @returns What is wrong with the frame, if anything. */
function acceptFrame(frame: Frame, nowMs: number, target: AcceptTarget): string | undefined {
  const { calls, counters } = target;
  const { body, callId } = frame;
  if (body.case === undefined) {
    counters.unknownFrames += 1;
    return undefined;
  }
  const owner = calls.classify(callId);
  if (body.case === "open") {
    if (owner !== "new") return `call ${callId} was opened with an id that is not a new one of its side`;
    return calls.accept(callId, frame.last, body.value, nowMs) ? undefined : "far more calls than the limit";
  }
  if (owner === "new" || owner === "impossible") return `a frame for call ${callId}, which was never opened`;
  const call = calls.find(callId);
  if (call === undefined || call.phase === "cancelling") {
    counters.lateFrames += 1;
    return undefined;
  }
  return owner === "theirs" ? acceptFromCaller(call, frame, calls) : acceptFromCallee(call, frame, calls);
}

function acceptFromCaller(call: ChannelCall, frame: Frame, calls: CallBook): string | undefined {
  const { body, callId } = frame;
  switch (body.case) {
    case "headers":
    case "end":
      return `the caller of call ${callId} sent what only a callee sends`;
    case "cancel":
      if (call.phase === "ending") call.abandon();
      else call.acceptClose({ kind: "cancelled" });
      return undefined;
    case "credit":
      call.acceptCredit(body.value.bytes);
      return undefined;
    default:
      // Of a call whose end is queued, nobody reads any more.
      return call.phase === "ending" ? undefined : acceptEither(call, frame, calls);
  }
}

function acceptFromCallee(call: ChannelCall, frame: Frame, calls: CallBook): string | undefined {
  const { body, callId } = frame;
  switch (body.case) {
    case "cancel":
    case "halfClose":
      return `the callee of call ${callId} sent what only a caller sends`;
    case "headers":
      call.acceptHeaders(body.value.headers);
      return undefined;
    case "end":
      return acceptEnd(call, body.value);
    case "credit":
      call.acceptCredit(body.value.bytes);
      return undefined;
    default:
      return acceptEither(call, frame, calls);
  }
}

function acceptEnd(call: ChannelCall, end: CallEnd): string | undefined {
  const { code, message, details, trailers, lastMessage } = end;
  if (lastMessage !== undefined && code === 0) {
    if (!call.isPeerOpen) return afterItsHalf(call.id);
    call.incoming.discardUnfinished();
    call.accept(lastMessage, "message", true);
  }
  // The last message may have overrun a limit: the call has ended with that, and the callee need not be told.
  if (call.isClosed) call.abandon();
  else call.acceptClose({ kind: "ended", result: { code, message, details, trailers, lastMessage: undefined } });
  return undefined;
}

function acceptEither(call: ChannelCall, frame: Frame, calls: CallBook): string | undefined {
  const { body, callId, last } = frame;
  switch (body.case) {
    case "message":
    case "part":
      if (!call.isPeerOpen) return afterItsHalf(callId);
      call.accept(body.value, body.case, last && body.case === "message");
      break;
    case "halfClose":
      call.acceptHalfClose();
      break;
  }
  calls.payBack(call);
  return undefined;
}

function afterItsHalf(callId: number): string {
  return `a message for call ${callId} after its sender's half had ended`;
}
