import type { LocalChannelLimits } from "../wire/limits.ts";

/**
 * The receiver's memory of one direction of a channel: how many frames were accepted, and when the peer has to be told.
 * Spec: CHAN.
 */
export class Inbox {
  private readonly limits: LocalChannelLimits;
  private receivedCount = 0;
  private framesUntold = 0;
  private bytesUntold = 0;
  private untoldSinceMs = 0;

  /** @param limits When an acknowledgement is due. */
  constructor(limits: LocalChannelLimits) {
    this.limits = limits;
  }

  /** How many frames were accepted: the number of the last one. */
  get received(): number {
    return this.receivedCount;
  }

  /** Counts frames that were accepted, `bytes` of them in all. */
  accept(frames: number, bytes: number, nowMs: number): void {
    if (frames === 0) return;
    if (this.framesUntold === 0) this.untoldSinceMs = nowMs;
    this.receivedCount += frames;
    this.framesUntold += frames;
    this.bytesUntold += bytes;
  }

  /**
   * The peer may not know what it was told: a new connection carries the channel, or frames came that were accepted
   * before. It is told again with the next packet, or else by one of its own.
   */
  forget(): void {
    if (this.receivedCount > 0) this.framesUntold = Math.max(this.framesUntold, this.limits.ackAfterFrames);
  }

  /** Whether the peer has to be told now. */
  get isAckDue(): boolean {
    return this.framesUntold >= this.limits.ackAfterFrames || this.bytesUntold >= this.limits.ackAfterBytes;
  }

  /** When the peer has to be told at the latest, on the clock of `accept`. Undefined where it knows everything. */
  get ackDueAtMs(): number | undefined {
    return this.framesUntold === 0 ? undefined : this.untoldSinceMs + this.limits.ackAfterMs;
  }

  /** A packet that carries `received` leaves. */
  tell(): void {
    this.framesUntold = 0;
    this.bytesUntold = 0;
  }
}
