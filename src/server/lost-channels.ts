import { ChannelLossReason } from "../../gen/moorline/session/v1/error_pb.ts";
import { ResumeRefusal } from "../../gen/moorline/session/v1/packet_pb.ts";
import type { SessionLimits } from "../wire/limits.ts";

/** How many times the number of remembered channels may be lost within the time of one. Above it nothing is created. */
const MOST_AT_ONCE_FACTOR = 16;

/**
 * What a session remembers of channels that it has lost, so that a late hello can neither revive one nor be told a wrong
 * reason: the most recent ones, and each for its time. Spec: RESUME-9.
 */
export class LostChannels {
  private readonly limits: Pick<SessionLimits, "maxLostChannels" | "lostChannelMs">;
  /** By the key of the channel, the longest lost first. */
  private readonly lost = new Map<string, { readonly reason: ChannelLossReason; readonly atMs: number }>();

  /** @param limits How many, and how long. */
  constructor(limits: Pick<SessionLimits, "maxLostChannels" | "lostChannelMs">) {
    this.limits = limits;
  }

  /** How many it remembers. */
  get size(): number {
    return this.lost.size;
  }

  /** Why a channel was lost. Undefined where it was not, or that was forgotten. */
  reasonOf(key: string): ChannelLossReason | undefined {
    return this.lost.get(key)?.reason;
  }

  /** Whether so many channels were lost lately that no more can be remembered: then none must be created. */
  isFull(nowMs: number): boolean {
    this.forget(nowMs);
    return this.lost.size >= this.limits.maxLostChannels * MOST_AT_ONCE_FACTOR;
  }

  /** Remembers a channel. */
  add(key: string, reason: ChannelLossReason, nowMs: number): void {
    this.lost.set(key, { reason, atMs: nowMs });
    this.forget(nowMs);
  }

  private forget(nowMs: number): void {
    for (const [key, { atMs }] of this.lost) {
      if (this.lost.size <= this.limits.maxLostChannels || atMs + this.limits.lostChannelMs > nowMs) return;
      this.lost.delete(key);
    }
  }
}

/** What a client is told that wants to resume a channel which was lost. Spec: RESUME-6. */
export function lossToRefusal(reason: ChannelLossReason): ResumeRefusal {
  switch (reason) {
    case ChannelLossReason.REPLAY_EVICTED:
      return ResumeRefusal.REPLAY_EVICTED;
    case ChannelLossReason.POSITION_IMPOSSIBLE:
      return ResumeRefusal.POSITION_AHEAD;
    case ChannelLossReason.EPOCH_CHANGED:
      return ResumeRefusal.EPOCH_CHANGED;
    case ChannelLossReason.CHANNEL_UNKNOWN:
      return ResumeRefusal.CHANNEL_UNKNOWN;
    default:
      return ResumeRefusal.CHANNEL_EXPIRED;
  }
}
