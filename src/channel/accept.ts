import type { Frame, Frames } from "../../gen/moorline/session/v1/packet_moorline.ts";
import { sizeFrame } from "../../gen/moorline/session/v1/packet_moorline.ts";
import type { LocalChannelLimits } from "../wire/limits.ts";
import type { CallBook } from "./call-book.ts";
import type { ChannelCall } from "./channel-call.ts";
import type { ChannelCounters } from "./channel.ts";
import type { Inbox } from "./inbox.ts";

/** A rule of the protocol that the peer broke. */
export interface Violation {
  /**
   * `gap`: a frame number was skipped; the connection ends and the channel resumes. `violation`: the peer is wrong.
   * `position_impossible`: the two sides do not agree on what was sent; the channel is lost.
   */
  readonly kind: "gap" | "violation" | "position_impossible";
  /** What was broken, for people. */
  readonly message: string;
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
export function acceptFrames(frames: Frames, bytes: number, nowMs: number, target: AcceptTarget): Violation | undefined {
  const { inbox, counters } = target;
  const list = frames.frames;
  if (list.length === 0) return undefined;
  if (frames.first === 0) return broken("frames without the number of their first");
  if (frames.first > inbox.received + 1) {
    return { kind: "gap", message: `frame ${frames.first} came after frame ${inbox.received}` };
  }
  const known = Math.min(list.length, inbox.received + 1 - frames.first);
  counters.duplicateFrames += known;
  if (known > 0) inbox.forget();
  let accepted = known;
  let wrong: string | undefined;
  while (accepted < list.length && wrong === undefined) {
    wrong = acceptFrame(list[accepted] as Frame, bytes, nowMs, target);
    if (wrong === undefined) accepted += 1;
  }
  inbox.accept(accepted - known, bytes, nowMs);
  return wrong === undefined ? undefined : broken(wrong);
}

/** @returns What is wrong with the frame, if anything. */
function acceptFrame(frame: Frame, packetBytes: number, nowMs: number, target: AcceptTarget): string | undefined {
  const { calls, counters, limits } = target;
  const { body, callId } = frame;
  // A small packet holds no large frame: the size is asked for only where it may matter.
  if (packetBytes > limits.maxFrameBytes && sizeFrame(frame) > limits.maxFrameBytes) {
    return `a frame over ${limits.maxFrameBytes} bytes`;
  }
  if (body.case === undefined) {
    counters.unknownFrames += 1;
    return undefined;
  }
  const owner = calls.classify(callId);
  if (body.case === "open") {
    if (owner !== "new") return `call ${callId} was opened with an id that is not a new one of its side`;
    return calls.accept(frame as never, nowMs) ? undefined : "far more calls than the limit";
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
  if (call.phase === "ending") {
    // What is queued before the end still needs credit; nothing else of the caller matters any more.
    if (body.case === "cancel") call.abandon();
    if (body.case !== "credit") return undefined;
  }
  switch (body.case) {
    case "headers":
    case "end":
      return `the caller of call ${callId} sent what only a callee sends`;
    case "cancel":
      call.acceptClose({ kind: "cancelled" });
      return undefined;
    default:
      return acceptEither(call, frame, calls);
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
    case "end": {
      const { code, message, details, trailers, lastMessage } = body.value;
      if (lastMessage !== undefined && code === 0) call.accept(lastMessage, "message", true);
      // The last message may have overrun a limit, which has ended the call.
      if (!call.isClosed) {
        call.acceptClose({ kind: "ended", result: { code, message, details, trailers, lastMessage: undefined } });
      }
      calls.payBack(call);
      return undefined;
    }
    default:
      return acceptEither(call, frame, calls);
  }
}

function acceptEither(call: ChannelCall, frame: Frame, calls: CallBook): string | undefined {
  const { body, callId, last } = frame;
  switch (body.case) {
    case "message":
    case "part":
      if (!call.isPeerOpen) return `a message for call ${callId} after its sender's half had ended`;
      call.accept(body.value, body.case, last && body.case === "message");
      calls.payBack(call);
      return undefined;
    case "halfClose":
      call.acceptHalfClose();
      calls.payBack(call);
      return undefined;
    case "credit":
      if (body.value.bytes > Number.MAX_SAFE_INTEGER / 2) return `credit of ${body.value.bytes} bytes`;
      call.acceptCredit(body.value.bytes);
      return undefined;
    default:
      return undefined;
  }
}

function broken(message: string): Violation {
  return { kind: "violation", message };
}
