/** What a channel counts and drops. For logs and metrics. */
export interface ChannelCounters {
  /** Frames with a body that this version does not know. */
  unknownFrames: number;
  /** Frames for calls that are closed here. */
  lateFrames: number;
  /** Frames that had been accepted before. */
  duplicateFrames: number;
}
