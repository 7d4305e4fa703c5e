import { Queue } from "../core/queue.ts";

/** A numbered frame as it was encoded: the place of its length prefix and body in a packet's bytes. */
interface NumberedFrame {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Consecutive frames that have to be sent again. */
export interface ReplayedFrames {
  /** The number of the first one. */
  readonly first: number;
  /** Each frame with its length prefix, a view into the packet that first carried it. */
  readonly frames: readonly Uint8Array[];
}

/**
 * The sender's memory of one direction of a channel: which frames were numbered, which of them the peer has acknowledged,
 * and which have to be sent again on the present connection. Frames are kept as they were encoded. Spec: CHAN, RESUME.
 */
export class Outbox {
  private readonly frames = new Queue<NumberedFrame>();
  private acknowledgedCount = 0;
  private bytesHeld = 0;
  /** The number of the next frame to send again; above `sent` where nothing waits. */
  private nextReplay = 1;
  private replayedCount = 0;

  /** How many frames were numbered: the number of the last one. */
  get sent(): number {
    return this.acknowledgedCount + this.frames.length;
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
    return this.nextReplay <= this.sent;
  }

  /** Numbers a frame: `bytes` from `start` to `end` is its length prefix and body. It counts as sent. */
  number(bytes: Uint8Array, start: number, end: number): void {
    this.frames.push({ bytes, start, end });
    this.bytesHeld += end - start;
    this.nextReplay = this.sent + 1;
  }

  /**
   * Takes an acknowledgement. A lower one than was seen before changes nothing: positions only rise.
   * @returns false where the peer acknowledges what was never sent.
   */
  acknowledge(received: number): boolean {
    if (received > this.sent) return false;
    while (this.acknowledgedCount < received) {
      const frame = this.frames.shift();
      if (frame === undefined) break;
      this.bytesHeld -= frame.end - frame.start;
      this.acknowledgedCount += 1;
    }
    if (this.nextReplay <= this.acknowledgedCount) this.nextReplay = this.acknowledgedCount + 1;
    return true;
  }

  /** A new connection carries the channel: everything that is not acknowledged goes again. */
  rewind(): void {
    this.nextReplay = this.acknowledgedCount + 1;
  }

  /** Takes the next frames to send again, at most `maxBytes` of them but at least one. Undefined where none wait. */
  takeReplay(maxBytes: number): ReplayedFrames | undefined {
    if (!this.hasReplay) return undefined;
    const first = this.nextReplay;
    const frames: Uint8Array[] = [];
    for (let size = 0; this.hasReplay; ) {
      const frame = this.frames.at(this.nextReplay - this.acknowledgedCount - 1) as NumberedFrame;
      // One byte more for the tag of each frame.
      size += frame.end - frame.start + 1;
      if (size > maxBytes && frames.length > 0) break;
      frames.push(frame.bytes.subarray(frame.start, frame.end));
      this.nextReplay += 1;
    }
    this.replayedCount += frames.length;
    return { first, frames };
  }

  /** Forgets everything: the channel is lost. */
  clear(): void {
    this.acknowledgedCount = this.sent;
    this.frames.clear();
    this.bytesHeld = 0;
    this.nextReplay = this.acknowledgedCount + 1;
  }
}
