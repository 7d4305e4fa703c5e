import type { Frame } from "../../gen/moorline/session/v1/packet_moorline.ts";
import { encodeClientPacket, sizeFrame, writeFrame } from "../../gen/moorline/session/v1/packet_moorline.ts";
import { allocate } from "../core/allocate.ts";
import { sizeDelimited, sizeUint64, writeVarint } from "../wire/codec.ts";
import type { LocalChannelLimits } from "../wire/limits.ts";
import type { CallBook } from "./call-book.ts";
import type { Inbox } from "./inbox.ts";
import type { Outbox } from "./outbox.ts";

/** What a packet needs beside its frames: the acknowledgement, the number of the first frame, tags and lengths, at most. */
const PACKET_OVERHEAD_BYTES = 48;
/** With less room than this left, a packet is full. */
const LEAST_ROOM_BYTES = 64;
/** The field `frames` of `Frames`: its number, and the wire type of a delimited value. */
const FRAMES_FIELD = { no: 2, wireType: 2 } as const;
/** The tags of what a packet of frames is made of, which the packets of both directions share. */
const tags = { received: 0x08, frames: 0x1a, first: 0x08, frame: 0x12 } as const;

/** Makes the next packet of frames. Undefined where nothing may go. */
export function takePacket(
  limits: LocalChannelLimits,
  outbox: Outbox,
  inbox: Inbox,
  calls: CallBook,
  nowMs: number,
): Uint8Array | undefined {
  const room = limits.maxPacketBytes - PACKET_OVERHEAD_BYTES;
  if (outbox.hasReplay) return takeReplay(outbox, inbox, room);
  if (outbox.heldBytes + limits.maxPacketBytes > limits.maxOutboxBytes) return undefined;
  const frame = takeFrame(calls, room, nowMs);
  if (frame === undefined) return undefined;
  // Most packets have one frame, for which the lists need not grow.
  const frames = [frame];
  const sizes = [sizeFrame(frame)];
  let total = 1 + sizeDelimited(sizes[0] as number);
  while (room - total >= LEAST_ROOM_BYTES) {
    const next = takeFrame(calls, room - total, nowMs);
    if (next === undefined) break;
    const size = sizeFrame(next);
    frames.push(next);
    sizes.push(size);
    total += 1 + sizeDelimited(size);
  }
  return encodeFrames(frames, sizes, total, outbox, inbox);
}

/** Frames are sent again as they were encoded, so they go in as if they were not known here. */
function takeReplay(outbox: Outbox, inbox: Inbox, room: number): Uint8Array | undefined {
  const replay = outbox.takeReplay(room);
  if (replay === undefined) return undefined;
  const unknown = replay.frames.map((data) => ({ ...FRAMES_FIELD, data }));
  const frames = { first: replay.first, frames: [], unknown };
  inbox.tell();
  return encodeClientPacket({ received: inbox.received, body: { case: "frames", value: frames }, unknown: undefined });
}

function takeFrame(calls: CallBook, room: number, nowMs: number): Frame | undefined {
  const call = calls.scheduler.peek();
  if (call === undefined) return undefined;
  const frame = call.takeFrame(call.id === 0 ? calls.nextId : call.id, room, nowMs);
  if (frame === undefined) return undefined;
  if (call.phase === "waiting") calls.number(call);
  calls.scheduler.rotate(call);
  return frame;
}

/**
 * Encodes a packet of frames and numbers them. It gives the bytes that the generated encoder would; but each frame is
 * measured once, and its place in the packet is known at once.
 */
function encodeFrames(
  frames: readonly Frame[],
  sizes: readonly number[],
  total: number,
  outbox: Outbox,
  inbox: Inbox,
): Uint8Array {
  inbox.tell();
  const { received } = inbox;
  const first = outbox.sent + 1;
  const bodySize = 1 + sizeUint64(first) + total;
  const packet = allocate((received === 0 ? 0 : 1 + sizeUint64(received)) + 1 + sizeDelimited(bodySize));
  let offset = 0;
  if (received !== 0) offset = writeTagged(packet, offset, tags.received, received);
  offset = writeTagged(packet, offset, tags.frames, bodySize);
  offset = writeTagged(packet, offset, tags.first, first);
  for (let i = 0; i < frames.length; i += 1) {
    const start = offset + 1;
    offset = writeTagged(packet, offset, tags.frame, sizes[i] as number);
    offset = writeFrame(frames[i] as Frame, packet, offset);
    outbox.number(packet, start, offset);
  }
  return packet;
}

function writeTagged(packet: Uint8Array, offset: number, tag: number, value: number): number {
  packet[offset] = tag;
  return writeVarint(packet, offset + 1, value);
}
