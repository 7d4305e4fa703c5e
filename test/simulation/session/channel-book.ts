import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import type { ServerEvent } from "../../../src/server/events.ts";
import { sessionLimits } from "../../../src/wire/limits.ts";
import type { Judge } from "./judge.ts";
import { nameOf } from "./names.ts";

/** What is known of one channel of the daemon. */
interface KnownChannel {
  readonly ref: string;
  detachedAtMs: number | undefined;
  lossReason: ChannelLossReason | undefined;
}

/** What may end channels, as long as nobody does it: what the world itself has done. */
export interface Excuses {
  /** The daemon keeps so little that channels are evicted all the time. */
  readonly hasNarrowLimits: boolean;
  /** The daemon is being stopped. */
  readonly isDraining: boolean;
  /** Session refs whose end somebody has asked for. */
  readonly endedRefs: ReadonlySet<string>;
  /** Whether the program that has made a channel has said that it is done, or was thrown out. */
  isDone(channelId: string): boolean;
}

/** The daemon sleeps at most so long. */
const MAX_SLEEP_MS = 20_000;

type LostEvent = Extract<ServerEvent, { kind: "channel_lost" }>;

/**
 * The sessions and channels of the daemon, from what it tells: each is there for a reason and lost for a reason. Channels
 * die with the process, sessions do not.
 */
export class ChannelBook {
  /** Attaches since the beginning, by channel. */
  readonly attaches = new Map<string, number>();
  private readonly judge: Judge;
  private readonly excuses: Excuses;
  private readonly channels = new Map<string, KnownChannel>();
  private readonly gone = new Set<string>();
  private readonly sessions = new Map<string, "known" | "over" | "unsure">();

  constructor(judge: Judge, excuses: Excuses) {
    this.judge = judge;
    this.excuses = excuses;
  }

  /** Whether the daemon has lost a channel, or its process has ended. */
  isGone(channelId: string): boolean {
    return this.gone.has(channelId) || this.channels.get(channelId)?.lossReason !== undefined;
  }

  /** Whether the daemon has a channel. */
  isThere(channelId: string): boolean {
    const channel = this.channels.get(channelId);
    return channel !== undefined && channel.lossReason === undefined;
  }

  /** Channels that are not lost, of all sessions or of one. */
  count(ref?: string): number {
    let count = 0;
    for (const channel of this.channels.values()) {
      if (channel.lossReason === undefined && (ref === undefined || channel.ref === ref)) count += 1;
    }
    return count;
  }

  /** Whether there is, or was, a session. */
  hasSession(ref: string): boolean {
    return this.sessions.has(ref);
  }

  /** The process of the daemon has ended. @param isStored Whether its sessions are in the store for certain. */
  epochEnded(isStored: boolean): void {
    for (const id of this.channels.keys()) this.gone.add(id);
    this.channels.clear();
    if (isStored) return;
    for (const ref of this.sessions.keys()) this.sessions.set(ref, "unsure");
  }

  /** The daemon has told something. */
  heard(event: ServerEvent, nowMs: number): void {
    this.judge.facts.count(`server ${event.kind}`);
    if (event.kind === "attached") this.attached(event.channelId, event.session.ref, event.isNewSession);
    else if (event.kind === "resumed") this.resumed(event.channelId);
    else if (event.kind === "detached") this.detached(event.channelId, nowMs);
    else if (event.kind === "channel_lost") this.lost(event, nowMs);
    else this.expired(event.session.ref);
  }

  private attached(id: string, ref: string, isNewSession: boolean): void {
    const isLost = this.channels.get(id)?.lossReason !== undefined;
    this.judge.claim(!isLost, () => `channel ${id} was lost, and is attached again`);
    // A Welcome that never came, of a process that has ended: nobody has used the channel.
    this.gone.delete(id);
    const standing = this.sessions.get(ref);
    const isExpected = standing === "unsure" || isNewSession === (standing !== "known");
    this.judge.claim(
      isExpected,
      () => `session ${ref} is ${isNewSession ? "new although known" : "known although new"}`,
    );
    this.sessions.set(ref, "known");
    this.channels.set(id, { ref, detachedAtMs: undefined, lossReason: undefined });
    this.countAttach(id);
  }

  private resumed(id: string): void {
    const channel = this.channels.get(id);
    this.judge.claim(
      channel !== undefined && !this.isGone(id),
      () => `channel ${id} is resumed, which there is none of`,
    );
    if (channel !== undefined) channel.detachedAtMs = undefined;
    this.countAttach(id);
  }

  private detached(id: string, nowMs: number): void {
    const channel = this.channels.get(id);
    if (channel !== undefined) channel.detachedAtMs = nowMs;
  }

  private lost(event: LostEvent, nowMs: number): void {
    const { channelId: id, reason } = event;
    const channel = this.channels.get(id);
    const isFirst = channel !== undefined && channel.lossReason === undefined;
    this.judge.claim(isFirst, () => `channel ${id} is lost twice, or was never there`);
    if (channel === undefined) return;
    const isExcused = this.isExcused(event, channel, nowMs);
    this.judge.claim(
      isExcused,
      () => `channel ${id} is lost by ${nameOf(ChannelLossReason, reason)}, and nobody has done that`,
    );
    this.judge.facts.count(`server lost ${nameOf(ChannelLossReason, reason)}`);
    channel.lossReason = reason;
  }

  private isExcused({ channelId, reason }: LostEvent, { ref, detachedAtMs }: KnownChannel, nowMs: number): boolean {
    switch (reason) {
      case ChannelLossReason.CHANNEL_EXPIRED:
        // A daemon that sleeps tells late that it has detached a channel.
        return detachedAtMs !== undefined && nowMs - detachedAtMs >= sessionLimits.replayMs - MAX_SLEEP_MS;
      case ChannelLossReason.CHANNEL_DONE:
        return this.excuses.isDone(channelId);
      case ChannelLossReason.SESSION_ENDED:
        return this.excuses.endedRefs.has(ref);
      case ChannelLossReason.DRAINED:
        return this.excuses.isDraining;
      case ChannelLossReason.REPLAY_EVICTED:
        // The event comes after the turn: the one for which it made room is there already, or about to be told.
        if (this.excuses.hasNarrowLimits) return true;
        return detachedAtMs !== undefined && this.count(ref) >= sessionLimits.maxChannels;
      default:
        return false;
    }
  }

  private expired(ref: string): void {
    this.judge.claim(this.count(ref) === 0, () => `session ${ref} has expired, and has channels`);
    this.sessions.set(ref, "over");
  }

  private countAttach(id: string): void {
    this.attaches.set(id, (this.attaches.get(id) ?? 0) + 1);
  }
}
