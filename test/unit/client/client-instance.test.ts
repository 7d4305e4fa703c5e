import { describe, expect, it } from "vitest";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { type AttachedChannel, type Carrier, ClientInstance } from "../../../src/client/client-instance.ts";
import { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import { channelLimits } from "../../../src/wire/limits.ts";
import { SERVER_ID } from "./support/scripted-daemon.ts";

const EPOCH = new Uint8Array(16).fill(3);

function createInstance(): ClientInstance {
  return new ClientInstance({ random: new SimulatedRandom(1) });
}

function attached(named: "held" | "fresh"): AttachedChannel {
  const lossReason = ChannelLossReason.EPOCH_CHANGED;
  return { named, serverId: SERVER_ID, epoch: EPOCH, received: 0, peerLimits: channelLimits, lossReason };
}

function createCarrier(attempt: number, told: number[] = []): Carrier {
  return { attempt, superseded: () => told.push(attempt) };
}

describe("ClientInstance", () => {
  it("has an id, a fresh channel id, and no channel to resume at first [HELLO-5, HELLO-6]", () => {
    const instance = createInstance();
    expect(instance.id).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(instance.freshChannelId).toHaveLength(16);
    expect(instance.resumeOffer).toBeUndefined();
    expect(instance.highestAttempt).toBe(0);
    expect([instance.takeAttempt(), instance.takeAttempt(), instance.highestAttempt]).toEqual([1, 2, 2]);
  });

  it("gives the fresh channel its name, and takes another fresh id [RESUME-2]", () => {
    const instance = createInstance();
    const { channel, freshChannelId } = instance;
    expect(instance.find(freshChannelId)).toBe("fresh");
    expect(instance.attach(attached("fresh"), createCarrier(1))).toBeUndefined();
    expect(instance.channel).toBe(channel);
    expect(channel.isAttached).toBe(true);
    expect(instance.resumeOffer).toEqual({ channelId: freshChannelId, epoch: EPOCH, received: 0 });
    expect(instance.find(freshChannelId)).toBe("held");
    expect(instance.freshChannelId).not.toEqual(freshChannelId);
    expect(instance.find(new Uint8Array(16))).toBeUndefined();
    expect(instance.find(freshChannelId.subarray(1))).toBeUndefined();
  });

  it("keeps what waits on a channel that has no name yet, and loses what had one [CALL-12]", () => {
    const instance = createInstance();
    const listener = { readable() {}, writable() {}, headers() {}, closed() {} };
    const waiting = instance.channel.open({ method: "a.B/C", listener });
    instance.attach(attached("fresh"), createCarrier(1));
    expect(waiting.isClosed).toBe(false);
    const before = instance.channel;
    expect(instance.attach(attached("fresh"), createCarrier(2))).toEqual({
      reason: ChannelLossReason.EPOCH_CHANGED,
      calls: 1,
    });
    expect(before.lossReason).toBe(ChannelLossReason.EPOCH_CHANGED);
    expect(waiting.isClosed).toBe(true);
    expect(instance.channel).not.toBe(before);
  });

  it("tells the connection before that another one carries the channel, and ignores its end [INV-4, INV-8]", () => {
    const instance = createInstance();
    const told: number[] = [];
    instance.attach(attached("fresh"), createCarrier(1, told));
    instance.attach(attached("held"), createCarrier(2, told));
    expect(told).toEqual([1]);
    instance.detach(1);
    expect(instance.channel.isAttached).toBe(true);
    instance.detach(2);
    expect(instance.channel.isAttached).toBe(false);
  });

  it("takes a new channel with an id that was never used once the present one is lost [RESUME-9]", () => {
    const instance = createInstance();
    const ids = [instance.freshChannelId];
    expect(instance.lose(ChannelLossReason.CLIENT_STOPPED)).toBeUndefined();
    ids.push(instance.freshChannelId);
    instance.attach(attached("fresh"), createCarrier(1));
    ids.push(instance.freshChannelId);
    expect(instance.lose(ChannelLossReason.CHANNEL_DONE)).toEqual({ reason: ChannelLossReason.CHANNEL_DONE, calls: 0 });
    ids.push(instance.freshChannelId);
    expect(instance.resumeOffer).toBeUndefined();
    expect(new Set(ids.map(String)).size).toBe(4);
  });

  it("knows which positions are possible [WELCOME-3]", () => {
    const instance = createInstance();
    expect([instance.isPossible("fresh", 0), instance.isPossible("fresh", 1)]).toEqual([true, false]);
    instance.attach(attached("fresh"), createCarrier(1));
    expect([instance.isPossible("held", 0), instance.isPossible("held", 1)]).toEqual([true, false]);
  });
});
