import type {
  CallEnd,
  CallOpen,
  Frame,
  FrameBody,
  Header,
  ServerPacket,
} from "../../gen/moorline/session/v1/packet_moorline.ts";
import {
  createCallEnd,
  createCallOpen,
  decodeServerPacket,
  encodeClientPacket,
} from "../../gen/moorline/session/v1/packet_moorline.ts";

/** `length` bytes that differ from place to place and from `seed` to `seed`. */
export function bytesOf(length: number, seed = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) bytes[i] = i * 31 + (i >>> 8) * 7 + seed * 17;
  return bytes;
}

/** A frame of the call, with any body. */
export function frame(callId: number, body: FrameBody, last = false): Frame {
  return { callId, last, body, unknown: undefined };
}

/** Opens a call. */
export function open(callId: number, init: Partial<CallOpen> = {}, last = false): Frame {
  return frame(callId, { case: "open", value: createCallOpen({ method: "test.Service/Method", ...init }) }, last);
}

/** A whole message, or the last piece of one. */
export function message(callId: number, value: Uint8Array, last = false): Frame {
  return frame(callId, { case: "message", value }, last);
}

/** A piece of a message. */
export function part(callId: number, value: Uint8Array): Frame {
  return frame(callId, { case: "part", value });
}

/** Response headers. */
export function headers(callId: number, ...list: Header[]): Frame {
  return frame(callId, { case: "headers", value: { headers: list } });
}

/** The end of the sender's half. */
export function halfClose(callId: number): Frame {
  return frame(callId, { case: "halfClose", value: {} });
}

/** The end of a call by its callee; OK where nothing else is said. */
export function end(callId: number, init: Partial<CallEnd> = {}): Frame {
  return frame(callId, { case: "end", value: createCallEnd(init) });
}

/** The end of a call by its caller. */
export function cancel(callId: number): Frame {
  return frame(callId, { case: "cancel", value: {} });
}

/** Credit for the peer. */
export function credit(callId: number, bytes: number): Frame {
  return frame(callId, { case: "credit", value: { bytes } });
}

/** A frame whose body this version does not know. */
export function unknownFrame(callId = 0, data: Uint8Array = Uint8Array.of(0)): Frame {
  return { callId, last: false, body: { case: undefined }, unknown: [{ no: 99, wireType: 2, data }] };
}

/** A packet of frames, encoded. The two directions are the same on the wire. */
export function encodeFrames(first: number, frames: readonly Frame[], received = 0): Uint8Array {
  return encodeClientPacket({ received, body: { case: "frames", value: { first, frames } } });
}

/** A packet, decoded: of either direction, for what both have. */
export function decodePacket(packet: Uint8Array): ServerPacket {
  return decodeServerPacket(packet);
}

/** Frames in a few words, to compare with: `1 open`, `1 message 5 last`, `2 end 13`. */
export function outline(frames: readonly Frame[]): string[] {
  return frames.map(({ callId, last, body }) => `${callId} ${describe(body)}${last ? " last" : ""}`);
}

function describe(body: FrameBody): string {
  switch (body.case) {
    case "message":
    case "part":
      return `${body.case} ${body.value.length}`;
    case "open":
      return body.value.message === undefined ? "open" : `open ${body.value.message.length}`;
    case "end":
      return body.value.lastMessage === undefined
        ? `end ${body.value.code}`
        : `end ${body.value.code} ${body.value.lastMessage.length}`;
    case "credit":
      return `credit ${body.value.bytes}`;
    default:
      return body.case ?? "unknown";
  }
}
