import type { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";

/** What the world knows of one program, and what it has done to it. */
export class Standing {
  /** The channel that the program holds, as its client says. */
  heldId: string | undefined = undefined;
  /** The one before, where a Welcome has just named another. */
  previousId: string | undefined = undefined;
  /** The reasons for which it has lost channels. */
  readonly losses = new Set<ChannelLossReason>();
  /** How often it has lost one: each time a hello may still be under way that makes another. */
  lossCount = 0;
  /** The world has let its credential be refused. */
  mayStop = false;
  /** It has ended, and said so where it could. */
  isDone = false;
  /** Its credential was revoked, and its channel with it. */
  isRevoked = false;
  private spoilt = 0;
  /** Whether several clients share its channel, so that one may be superseded by another. */
  readonly mayBeSuperseded: boolean;

  constructor(mayBeSuperseded: boolean) {
    this.mayBeSuperseded = mayBeSuperseded;
  }

  /** The world has let its credential expire. After two in a row a client stops. */
  credentialSpoiled(): void {
    this.spoilt += 1;
    if (this.spoilt > 1) this.mayStop = true;
  }

  /** A Welcome has named a channel. @returns Whether it is another one than before. */
  named(channelId: string): boolean {
    if (channelId === this.heldId) return false;
    this.previousId = this.heldId;
    this.heldId = channelId;
    return true;
  }

  /** The client says that its channel is lost. @returns Which one that was. */
  lost(reason: ChannelLossReason): string | undefined {
    this.losses.add(reason);
    this.lossCount += 1;
    const id = this.previousId ?? this.heldId;
    if (this.previousId === undefined) this.heldId = undefined;
    this.previousId = undefined;
    return id;
  }
}
