import { describe, expect, it } from "vitest";
import { channelLimits, creditRange, livenessLimits } from "../../../src/wire/limits.ts";

const NOISE_MESSAGE_BYTES = 65_535;
const NOISE_TAG_BYTES = 16;
const PACKET_OVERHEAD_BYTES = 64;

describe("limits", () => {
  it("lets a packet travel in one Noise message, and a frame or a padded ping in one packet [PACKET-3] [FRAME-1]", () => {
    const { maxPacketBytes, maxFrameBytes, maxPingPaddingBytes, maxFirstPacketBytes } = channelLimits;
    expect(maxPacketBytes + NOISE_TAG_BYTES).toBeLessThanOrEqual(NOISE_MESSAGE_BYTES);
    expect(maxFrameBytes + PACKET_OVERHEAD_BYTES).toBeLessThanOrEqual(maxPacketBytes);
    expect(maxPingPaddingBytes + PACKET_OVERHEAD_BYTES).toBeLessThanOrEqual(maxPacketBytes);
    expect(maxFirstPacketBytes).toBeLessThanOrEqual(maxPacketBytes);
  });

  it("acknowledges long before an outbox is full [CHAN-6] [CHAN-9]", () => {
    const { ackAfterBytes, ackAfterFrames, maxFrameBytes, maxOutboxBytes } = channelLimits;
    expect(2 * (ackAfterBytes + maxFrameBytes)).toBeLessThan(maxOutboxBytes);
    expect(2 * ackAfterFrames * maxFrameBytes).toBeLessThan(maxOutboxBytes);
  });

  it("offers by default a credit that a hello may have [HELLO-8]", () => {
    expect(channelLimits.initialCreditBytes).toBeGreaterThanOrEqual(creditRange.minBytes);
    expect(channelLimits.initialCreditBytes).toBeLessThanOrEqual(creditRange.maxBytes);
  });

  it("lets a client hear a healthy server before it gives up [LIVE-1] [LIVE-3]", () => {
    expect(livenessLimits.silenceMs).toBeGreaterThan(livenessLimits.pingAfterMs);
  });
});
