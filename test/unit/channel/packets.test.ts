import { describe, expect, it } from "vitest";
import { type ClientPacket, encodeClientPacket, sizeFrame } from "../../../gen/moorline/session/v1/packet_moorline.ts";
import { okResult } from "../../../src/channel/frames.ts";
import { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import { bytesOf, open, outline } from "../../support/channel-frames.ts";
import { ScriptedPeer } from "../../support/channel-peer.ts";
import { CallRecorder } from "../../support/channel-recorder.ts";

const KIB = 1024;

describe("Channel: packets", () => {
  it("puts what is ready into few packets, none over 60 KiB [PACKET-3, PACKET-7]", () => {
    const peer = new ScriptedPeer({ role: "client" });
    for (let i = 0; i < 100; i += 1) peer.open({ message: bytesOf(50) });
    expect(peer.takePacket()?.frames.length).toBe(100);
    const { call } = peer.open();
    for (let i = 0; i < 4; i += 1) call.send(bytesOf(40 * KIB));
    const sizes: number[] = [];
    for (let next = peer.takePacket(); next !== undefined; next = peer.takePacket()) sizes.push(next.bytes.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(60 * KIB);
    expect(sizes.length).toBe(3);
  });

  it.each([11, 12, 13, 14, 15, 16])(
    "keeps to 60 KiB and 32 KiB whatever is sent, first and again, seed %d [PACKET-3, FRAME-1]",
    (seed) => {
      const random = new SimulatedRandom(seed);
      const peer = new ScriptedPeer({ role: "client", peerLimits: { initialCreditBytes: 8192 * KIB } });
      const calls = Array.from({ length: 5 }, () => peer.open().call);
      for (let i = 0; i < 60; i += 1)
        random.pick(calls).send(bytesOf(random.int(random.chance(0.3) ? 200 * KIB : 3 * KIB), i));
      for (const round of [1, 2]) {
        for (let next = peer.takePacket(); next !== undefined; next = peer.takePacket()) {
          expect(next.bytes.length, `round ${round}`).toBeLessThanOrEqual(60 * KIB);
          expect(next.bytes, "as the generated encoder does it").toEqual(
            encodeClientPacket(next.packet as ClientPacket),
          );
          for (const frame of next.frames) expect(sizeFrame(frame)).toBeLessThanOrEqual(32 * KIB);
        }
        peer.channel.attach(random.int(peer.received));
      }
    },
  );

  it("carries the acknowledgement on every packet, up to date when it is made [CHAN-6]", () => {
    const peer = new ScriptedPeer();
    peer.send(open(1), open(3));
    peer.last.send(bytesOf(1));
    expect(peer.channel.ackDueAtMs).toBe(200);
    expect(peer.takePacket()?.packet.received).toBe(2);
    expect(peer.channel.ackDueAtMs).toBeUndefined();
  });

  it.each([0, 1, 200])(
    "encodes what the generated encoder would, after %d frames of the peer [PACKET-1]",
    (received) => {
      const peer = new ScriptedPeer();
      for (let id = 1; id < 2 * received; id += 2) peer.send(open(id, {}, true));
      for (const call of peer.served) call.end({ ...okResult, lastMessage: bytesOf(received) });
      peer.channel.open({ method: "a/B", listener: new CallRecorder(), message: bytesOf(0) });
      for (let next = peer.takePacket(); next !== undefined; next = peer.takePacket()) {
        expect(next.bytes).toEqual(encodeClientPacket(next.packet as ClientPacket));
      }
    },
  );

  it("sends again before it sends anything new [RESUME-3]", () => {
    const peer = new ScriptedPeer({ role: "client" });
    peer.open();
    peer.take();
    peer.channel.attach(0);
    peer.open();
    expect(outline(peer.takePacket()?.frames ?? [])).toEqual(["1 open"]);
    expect(outline(peer.takePacket()?.frames ?? [])).toEqual(["3 open"]);
  });
});

describe("Channel: limits of a frame", () => {
  const wide = (bytes: number): { name: string; value: string }[] => [{ name: "x", value: "v".repeat(bytes) }];

  it("sends no request headers over a frame: the call fails at once [FRAME-2]", () => {
    const peer = new ScriptedPeer({ role: "client" });
    expect(() => peer.open({ headers: wide(32 * KIB) })).toThrow(
      expect.objectContaining({ name: "LimitError", limit: "FRAME_BYTES", max: 32 * KIB }),
    );
    expect([peer.channel.calls.size, peer.take()]).toEqual([0, []]);
  });

  it.each([20, 32, 33, 34, 60, 64, 100])(
    "keeps an open with its message to 32 KiB, %d bytes below it [FRAME-1, CALL-5]",
    (below) => {
      const peer = new ScriptedPeer({ role: "client" });
      peer.open({ message: bytesOf(32 * KIB - below), last: true, deadlineMs: 2 ** 50, headers: wide(1) });
      const frames = peer.take();
      for (const frame of frames) expect(sizeFrame({ ...frame, callId: 2 ** 53 - 1 })).toBeLessThanOrEqual(32 * KIB);
      expect(frames.at(-1)?.last).toBe(true);
    },
  );

  it("sends no response headers over a frame [FRAME-2]", () => {
    const peer = new ScriptedPeer();
    peer.send(open(1));
    expect(() => peer.last.sendHeaders(wide(32 * KIB))).toThrow(expect.objectContaining({ limit: "FRAME_BYTES" }));
    peer.last.sendHeaders(wide(30 * KIB));
    expect(peer.outline()).toEqual(["1 headers"]);
  });

  it("sends RESOURCE_EXHAUSTED in the place of trailers or details over a frame [FRAME-2]", () => {
    const results = [
      { details: [{ type: "test.Detail", value: bytesOf(32 * KIB) }] },
      { trailers: wide(32 * KIB) },
      { message: "m".repeat(33 * KIB) },
    ];
    for (const result of results) {
      const peer = new ScriptedPeer();
      peer.send(open(1));
      peer.last.end({ code: 13, message: "", details: [], trailers: [], lastMessage: undefined, ...result });
      expect(peer.outline()).toEqual(["1 end 8"]);
    }
  });
});
