import { describe, expect, it } from "vitest";
import type { ChannelEffect, ChannelEvent, ChannelState } from "../../../gen/moorline/machine/v1/channel_pb.ts";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { channelEvent, defaultChannelConfig, startChannel, transitionChannel } from "../../../src/machine/channel.ts";
import { ServerDriver } from "./server-driver.ts";

const REPLAY_MS = 900_000;

function newChannel(): ServerDriver<ChannelState, ChannelEvent, ChannelEffect> {
  return new ServerDriver(startChannel(1), (state, event) => transitionChannel(state, event, defaultChannelConfig));
}

const resumed = (attempt: number): ChannelEvent => channelEvent({ case: "resumed", value: { attempt } });
const done = (attempt: number): ChannelEvent => channelEvent({ case: "channelDone", value: { attempt } });
const expired = (deadlineAtMs: number): ChannelEvent =>
  channelEvent({ case: "replayExpired", value: { deadlineAtMs } });
const lost = (attempt: number, nowMs = 1_000): ChannelEvent =>
  channelEvent({ case: "connectionLost", value: { attempt, nowMs } });

const losses = [
  ["channel_done", done(1), ChannelLossReason.CHANNEL_DONE, undefined],
  ["session_ended", channelEvent({ case: "sessionEnded", value: {} }), ChannelLossReason.SESSION_ENDED, 4_503],
  ["evicted", channelEvent({ case: "evicted", value: {} }), ChannelLossReason.REPLAY_EVICTED, 4_300],
  ["drained", channelEvent({ case: "drained", value: {} }), ChannelLossReason.DRAINED, 4_300],
  [
    "position_impossible",
    channelEvent({ case: "positionImpossible", value: {} }),
    ChannelLossReason.POSITION_IMPOSSIBLE,
    4_300,
  ],
] as const;

describe("transitionChannel: attached", () => {
  it("starts on the connection whose hello created it", () => {
    expect(newChannel().phase).toBe("attached");
    expect(newChannel().did).toEqual(["attachConnection attempt=1"]);
  });

  it("leaves the older connection before it goes to the newer one [CHM-1] [ATTEMPT-5]", () => {
    const driver = newChannel().give(resumed(4));
    expect(driver.data).toMatchObject({ attempt: 4 });
    expect(driver.did).toEqual([
      "detachConnection attempt=1",
      "closeConnection attempt=1 code=4410",
      "attachConnection attempt=4",
    ]);
  });

  it("is not taken back by an attempt that is not above the last one accepted [ATTEMPT-2] [INV-8]", () => {
    const driver = newChannel().give(resumed(4));
    const before = driver.state;
    expect(driver.give(resumed(4), resumed(3)).state).toBe(before);
    expect(driver.ignored).toBe(true);
  });

  it("waits for its client for the replay lifetime when its connection is gone [CHM-1]", () => {
    const driver = newChannel().give(lost(1));
    expect(driver.data).toMatchObject({ attempt: 1, deadlineAtMs: 1_000 + REPLAY_MS });
    expect(driver.did).toEqual(["detachConnection attempt=1", `startTimer atMs=${1_000 + REPLAY_MS}`]);
  });

  it("stays where it is when an older connection ends, or says that the channel is done [CLOSE-5] [RUN-4]", () => {
    const driver = newChannel().give(resumed(2));
    const before = driver.state;
    expect(driver.give(lost(1), done(1)).state).toBe(before);
  });

  it.each(losses)("is lost by %s, with its calls and its connection [CHM-2]", (_name, event, reason, code) => {
    const driver = newChannel().give(event);
    expect(driver.data).toMatchObject({ reason });
    const close = code === undefined ? [] : [`closeConnection attempt=1 code=${code}`];
    expect(driver.did).toEqual(["detachConnection attempt=1", ...close, `loseChannel reason=${reason}`]);
  });
});

describe("transitionChannel: detached", () => {
  it("goes on with the connection of a newer attempt, and its deadline is gone [CHM-3]", () => {
    const driver = newChannel().give(lost(1), resumed(2));
    expect(driver.did).toEqual(["cancelTimer", "attachConnection attempt=2"]);
    expect(newChannel().give(lost(1), resumed(1)).ignored).toBe(true);
  });

  it("is lost when the replay lifetime is over [CHM-3]", () => {
    const driver = newChannel().give(lost(1), expired(1_000 + REPLAY_MS));
    expect(driver.data).toMatchObject({ reason: ChannelLossReason.CHANNEL_EXPIRED });
  });

  it("is not lost by a deadline that was renewed [RUN-4]", () => {
    const driver = newChannel().give(lost(1, 1_000), resumed(2), lost(2, 5_000), expired(1_000 + REPLAY_MS));
    expect(driver.phase).toBe("detached");
    expect(driver.give(expired(5_000 + REPLAY_MS)).phase).toBe("lost");
  });

  it.each(losses)("is lost by %s, and its timer is cancelled [CHM-3] [RUN-3]", (_name, event, reason) => {
    const driver = newChannel().give(lost(1), event);
    expect(driver.data).toMatchObject({ reason });
    expect(driver.did).toEqual(["cancelTimer", `loseChannel reason=${reason}`]);
  });
});

describe("transitionChannel: lost", () => {
  it("is terminal: its calls end once [CHM-4]", () => {
    const driver = newChannel().give(done(1));
    const before = driver.state;
    driver.give(resumed(9), lost(1), expired(1), ...losses.map(([, event]) => event));
    expect(driver.state).toBe(before);
    expect(driver.did).toEqual([]);
  });
});
