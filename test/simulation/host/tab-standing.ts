import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";

/** What the world knows of one tab, and what it has done to it. */
export class TabStanding {
  /** The reasons for which its channel was lost. */
  readonly losses = new Set<ChannelLossReason>();
  /** Whether it was stopped by its user. */
  isStopped = false;
  /** Whether its callbacks fail no more. */
  isAtRest = false;
  /** Whether it waits for a credential that never comes. */
  isStuck = false;
  /** How often it has lost a channel. */
  lossCount = 0;

  /** How often its host was told that the program has slept, or is shown again, which comes to the same. */
  wakes = 0;
  /** How often its user has asked for everything anew. */
  refreshes = 0;
  /** How often its mirror has begun to look anew though nothing was wrong with it. */
  revalidations = 0;

  /** Channels that the daemon may have made for it, and that it never knew of, at most. */
  orphans = 0;

  /** Its channel is lost. */
  lost(reason: ChannelLossReason): void {
    this.losses.add(reason);
    this.lossCount += 1;
  }

  /** Nothing will connect it until somebody asks: calls may end at once, and a channel is left whose Welcome was lost. */
  gaveUp(): void {
    this.orphans += 1;
    this.losses.add(ChannelLossReason.CLIENT_STOPPED);
  }

  /** Whether a call may have failed for this. A daemon that drains says so of calls that the channel has survived. */
  knowsOf(reason: ChannelLossReason): boolean {
    return this.losses.has(reason) || reason === ChannelLossReason.DRAINED;
  }
}
