import type { Frame } from "../../gen/moorline/session/v1/packet_moorline.ts";
import { sizeFrame, writeFrame } from "../../gen/moorline/session/v1/packet_moorline.ts";
import { allocate } from "../core/allocate.ts";
import { sizeUint64, writeVarint } from "../wire/codec.ts";
import type { LocalChannelLimits } from "../wire/limits.ts";
import type { CallBook } from "./call-book.ts";
import type { Inbox } from "./inbox.ts";
import type { Outbox } from "./outbox.ts";

/** What a packet needs beside its frames: the acknowledgement, the number of the first frame, tags and lengths, at most. */
const PACKET_OVERHEAD_BYTES = 48;
/** With less room than this left, a packet is full. */
const LEAST_ROOM_BYTES = 64;
/** The tags of what a packet of frames is made of, which the packets of both directions share. */
const tags = { received: 0x08, frames: 0x1a, first: 0x08, frame: 0x12 } as const;

/** Where packets are made. Undefined after one that fills it: that one has it for itself. */
let scratch: Uint8Array | undefined;

/** Makes the next packet of frames. Undefined where nothing may go. */
export function takePacket(
  limits: LocalChannelLimits,
  outbox: Outbox,
  inbox: Inbox,
  calls: CallBook,
  nowMs: number,
): Uint8Array | undefined {
  const { maxPacketBytes } = limits;
  if (outbox.hasReplay) return takeReplay(outbox, inbox, maxPacketBytes - PACKET_OVERHEAD_BYTES);
  if (outbox.heldBytes + maxPacketBytes > limits.maxOutboxBytes) return undefined;
  let frame = takeFrame(calls, maxPacketBytes - PACKET_OVERHEAD_BYTES, nowMs);
  if (frame === undefined) return undefined;
  const bytes = scratch?.length === maxPacketBytes ? scratch : allocate(maxPacketBytes);
  let end = PACKET_OVERHEAD_BYTES;
  let count = 0;
  while (frame !== undefined) {
    end = writeFrame(frame, bytes, writeTagged(bytes, end, tags.frame, sizeFrame(frame)));
    count += 1;
    const room = maxPacketBytes - end;
    frame = room < LEAST_ROOM_BYTES ? undefined : takeFrame(calls, room, nowMs);
  }
  const packet = cutPacket(bytes, writeHead(bytes, outbox.sent + 1, end, inbox), end);
  outbox.number(packet, packet.length - (end - PACKET_OVERHEAD_BYTES), count);
  return packet;
}

/** Frames are sent again as they were encoded. */
function takeReplay(outbox: Outbox, inbox: Inbox, room: number): Uint8Array | undefined {
  const replay = outbox.takeReplay(room);
  if (replay === undefined) return undefined;
  const bytes = allocate(PACKET_OVERHEAD_BYTES + replay.size);
  let end = PACKET_OVERHEAD_BYTES;
  for (const piece of replay.pieces) {
    bytes.set(piece, end);
    end += piece.length;
  }
  return bytes.subarray(writeHead(bytes, replay.first, end, inbox));
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
 * Writes what a packet has before its frames, which lie behind the room for it and go up to `end`, and tells the peer by it
 * what was received. @returns Where it begins.
 */
function writeHead(bytes: Uint8Array, first: number, end: number, inbox: Inbox): number {
  inbox.tell();
  const { received } = inbox;
  const size = 1 + sizeUint64(first) + end - PACKET_OVERHEAD_BYTES;
  const headSize = 1 + sizeUint64(size) + 1 + sizeUint64(first) + (received === 0 ? 0 : 1 + sizeUint64(received));
  const start = PACKET_OVERHEAD_BYTES - headSize;
  const offset = received === 0 ? start : writeTagged(bytes, start, tags.received, received);
  writeTagged(bytes, writeTagged(bytes, offset, tags.frames, size), tags.first, first);
  return start;
}

/** A packet that takes up most of where it was made is that; a smaller one is copied, for it is kept until it is acknowledged. */
function cutPacket(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const made = bytes.subarray(start, end);
  scratch = 2 * made.length < bytes.length ? bytes : undefined;
  if (scratch === undefined) return made;
  const packet = allocate(made.length);
  packet.set(made);
  return packet;
}

function writeTagged(packet: Uint8Array, offset: number, tag: number, value: number): number {
  packet[offset] = tag;
  return writeVarint(packet, offset + 1, value);
}
