import { Queue } from "../core/queue.ts";
import { WireReader } from "../wire/codec.ts";

/** What is left of a packet: its frames as they were encoded, each behind its tag and its length, up to the packet's end. */
interface NumberedFrames {
  readonly packet: Uint8Array;
  /** Where the first of them begins. */
  start: number;
  /** The number of the first one. */
  first: number;
  /** The number of the last one. */
  readonly last: number;
}

/** Consecutive frames that have to be sent again. */
export interface ReplayedFrames {
  /** The number of the first one. */
  readonly first: number;
  /** All of them as they were encoded, each behind its tag and its length: views into the packets that first carried them. */
  readonly pieces: readonly Uint8Array[];
  /** Bytes of all of them. */
  readonly size: number;
}

/**
 * The sender's memory of one direction of a channel: which frames were numbered, which of them the peer has acknowledged,
 * and which have to be sent again on the present connection. Frames are kept as they were encoded, packet by packet.
 * Spec: CHAN, RESUME.
 */
export class Outbox {
  private readonly packets = new Queue<NumberedFrames>();
  private sentCount = 0;
  private acknowledgedCount = 0;
  private bytesHeld = 0;
  /** How many of the packets need not be sent again; all of them where nothing waits. */
  private packetsSent = 0;
  private replayedCount = 0;

  /** How many frames were numbered: the number of the last one. */
  get sent(): number {
    return this.sentCount;
  }

  /** How many frames the peer has accepted, as far as is known. Only rises. */
  get acknowledged(): number {
    return this.acknowledgedCount;
  }

  /** How many frames were sent again, each time counted. */
  get replayed(): number {
    return this.replayedCount;
  }

  /** Bytes of numbered frames that the peer has not acknowledged. */
  get heldBytes(): number {
    return this.bytesHeld;
  }

  /** Whether frames have to be sent again before any new one. */
  get hasReplay(): boolean {
    return this.packetsSent < this.packets.length;
  }

  /** Numbers the `count` frames of a packet, which go from `start` to its end. They count as sent. */
  number(packet: Uint8Array, start: number, count: number): void {
    const first = this.sentCount + 1;
    this.sentCount += count;
    this.packets.push({ packet, start, first, last: this.sentCount });
    this.packetsSent += 1;
    this.bytesHeld += packet.length - start;
  }

  /**
   * Takes an acknowledgement. A lower one than was seen before changes nothing: positions only rise.
   * @returns false where the peer acknowledges what was never sent.
   */
  acknowledge(received: number): boolean {
    if (received > this.sentCount) return false;
    if (received <= this.acknowledgedCount) return true;
    this.acknowledgedCount = received;
    for (let head = this.packets.at(0); head !== undefined && head.first <= received; head = this.packets.at(0)) {
      const end = head.last <= received ? head.packet.length : findFrame(head, received + 1);
      this.bytesHeld -= end - head.start;
      head.start = end;
      head.first = received + 1;
      if (head.last > received) break;
      this.packets.shift();
      if (this.packetsSent > 0) this.packetsSent -= 1;
    }
    return true;
  }

  /** A new connection carries the channel: everything that is not acknowledged goes again. */
  rewind(): void {
    this.packetsSent = 0;
  }

  /** Takes the next frames to send again: those of one packet, and of more where they are at most `maxBytes`. Undefined where none wait. */
  takeReplay(maxBytes: number): ReplayedFrames | undefined {
    const head = this.packets.at(this.packetsSent);
    if (head === undefined) return undefined;
    const pieces: Uint8Array[] = [];
    let size = 0;
    for (let next: NumberedFrames | undefined = head; next !== undefined; next = this.packets.at(this.packetsSent)) {
      const { packet, start, first, last } = next;
      if (size > 0 && size + packet.length - start > maxBytes) break;
      pieces.push(packet.subarray(start));
      size += packet.length - start;
      this.packetsSent += 1;
      this.replayedCount += last - first + 1;
    }
    return { first: head.first, pieces, size };
  }

  /** Forgets everything: the channel is lost. */
  clear(): void {
    this.acknowledgedCount = this.sentCount;
    this.packets.clear();
    this.bytesHeld = 0;
    this.packetsSent = 0;
  }
}

/** Where a frame of a packet begins. */
function findFrame({ packet, start, first }: NumberedFrames, no: number): number {
  const reader = new WireReader(packet);
  reader.pos = start;
  for (let next = first; next < no; next += 1) {
    reader.tag();
    reader.pos = reader.limit();
  }
  return reader.pos;
}
