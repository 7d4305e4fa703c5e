import type { ChannelCounters } from "../channel/counters.ts";

/** How a client is doing, as numbers that only rise, but for `heldBytes`. */
export interface ClientMetrics extends Readonly<ChannelCounters> {
  /** Packets with a body that this version does not know. */
  readonly unknownPackets: number;
  /** What the present channel holds in bytes: numbered and not acknowledged, received and not read. */
  readonly heldBytes: number;
}

/** The sum of what two channels have counted. */
export function addCounters(a: Readonly<ChannelCounters>, b: Readonly<ChannelCounters>): ChannelCounters {
  return {
    unknownFrames: a.unknownFrames + b.unknownFrames,
    lateFrames: a.lateFrames + b.lateFrames,
    duplicateFrames: a.duplicateFrames + b.duplicateFrames,
  };
}
