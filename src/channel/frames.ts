import type { Frame, FrameBody } from "../../gen/moorline/session/v1/packet_moorline.ts";
import type { CallResult } from "./call.ts";

/** A frame, with all its properties in the order that the codec makes them in. */
export function frameOf(callId: number, last: boolean, body: FrameBody): Frame {
  return { callId, last, body, unknown: undefined };
}

/** A whole message, or the last piece of one. */
export function messageFrame(callId: number, last: boolean, message: Uint8Array): Frame {
  return { callId, last, body: { case: "message", value: message }, unknown: undefined };
}

/** The end of a call by its callee. */
export function endFrame(callId: number, result: CallResult): Frame {
  const { code, message, details, trailers, lastMessage } = result;
  return frameOf(callId, false, {
    case: "end",
    value: { code, message, details, trailers, lastMessage, unknown: undefined },
  });
}

/** How a call ends well with nothing more to say. */
export const okResult: CallResult = { code: 0, message: "", details: [], trailers: [], lastMessage: undefined };
