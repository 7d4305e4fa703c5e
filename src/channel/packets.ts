import type { Frame, Frames } from "../../gen/moorline/session/v1/packet_moorline.ts";
import { encodeClientPacket, sizeFrame } from "../../gen/moorline/session/v1/packet_moorline.ts";
import { sizeDelimited } from "../wire/codec.ts";
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

/** Makes the next packet of frames. Undefined where nothing may go. */
export function takePacket(
  limits: LocalChannelLimits,
  outbox: Outbox,
  inbox: Inbox,
  calls: CallBook,
  nowMs: number,
): Uint8Array | undefined {
  const room = limits.maxPacketBytes - PACKET_OVERHEAD_BYTES;
  const replay = outbox.takeReplay(room);
  if (replay !== undefined) {
    // Frames are sent again as they were encoded, so they go in as if they were not known here.
    const unknown = replay.frames.map((data) => ({ ...FRAMES_FIELD, data }));
    return encode(inbox, { first: replay.first, frames: [], unknown });
  }
  if (outbox.heldBytes + limits.maxPacketBytes > limits.maxOutboxBytes) return undefined;
  const frames: Frame[] = [];
  const sizes: number[] = [];
  let total = 0;
  while (room - total >= LEAST_ROOM_BYTES) {
    const frame = takeFrame(calls, room - total, nowMs);
    if (frame === undefined) break;
    const size = sizeDelimited(sizeFrame(frame));
    frames.push(frame);
    sizes.push(size);
    total += size + 1;
  }
  if (frames.length === 0) return undefined;
  const packet = encode(inbox, { first: outbox.sent + 1, frames, unknown: undefined });
  numberFrames(outbox, packet, sizes, total);
  return packet;
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

/** The frames are the tail of the packet, each behind a tag of one byte. */
function numberFrames(outbox: Outbox, packet: Uint8Array, sizes: readonly number[], total: number): void {
  let offset = packet.length - total;
  for (const size of sizes) {
    offset += 1;
    outbox.number(packet, offset, offset + size);
    offset += size;
  }
}

/** The packets of both directions are the same on the wire, but for who sends them. */
function encode(inbox: Inbox, frames: Frames): Uint8Array {
  inbox.tell();
  return encodeClientPacket({ received: inbox.received, body: { case: "frames", value: frames }, unknown: undefined });
}
