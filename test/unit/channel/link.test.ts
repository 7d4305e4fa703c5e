import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import type { ClientPacketBody } from "../../../gen/moorline/session/v1/packet_moorline.ts";
import { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import { bytesOf, encodeFrames, message, open, unknownFrame } from "../../support/channel-frames.ts";
import { LinkBench, summary } from "../../support/channel-link.ts";
import { CallRecorder } from "../../support/channel-recorder.ts";

const KIB = 1024;
const VIOLATION = `${CloseCode.PROTOCOL_VIOLATION} violation`;
const MALFORMED = `${CloseCode.PACKET_MALFORMED} malformed`;
const noBytes = new Uint8Array(0);
const ping = (id: number, padding = noBytes): ClientPacketBody => ({ case: "ping", value: { id, padding } });

describe("Link: greeting", () => {
  it("hands a hello to its owner, on either side [HELLO-1]", () => {
    for (const role of ["client", "server"] as const) {
      const bench = new LinkBench(role);
      bench.receive({ case: "hello", value: bytesOf(12) });
      expect(bench.heard).toEqual(["hello 12"]);
    }
  });

  it("takes nothing else before it is welcomed [HELLO-1]", () => {
    const bodies: ClientPacketBody[] = [
      { case: "frames", value: { first: 1, frames: [open(1)] } },
      { case: "pong", value: { id: 1, padding: noBytes } },
      { case: undefined },
      ping(1),
    ];
    for (const body of bodies) {
      const bench = new LinkBench();
      bench.receive(body);
      expect(bench.heard).toEqual([VIOLATION]);
    }
  });

  it("takes a first packet of 16 KiB and none over it, later ones up to 60 KiB [PACKET-3]", () => {
    const fits = (bytes: number, isFirst: boolean): string[] => {
      const bench = new LinkBench();
      if (!isFirst) bench.bind();
      bench.link.receive(padded(bytes, isFirst));
      return bench.heard;
    };
    expect(fits(16 * KIB, true).length).toBe(1);
    expect(fits(16 * KIB, true)[0]).toMatch(/^hello/);
    expect(fits(16 * KIB + 1, true)).toEqual([MALFORMED]);
    expect(fits(60 * KIB, false)).toEqual([]);
    expect(fits(60 * KIB + 1, false)).toEqual([MALFORMED]);
  });

  it("carries no frames as a probe, but pings and pongs with their padding [PROBE-2, LIVE-2]", () => {
    const bench = new LinkBench();
    bench.link.open();
    bench.receive(ping(7, bytesOf(16 * KIB)));
    const [pong] = bench.turn();
    expect(pong?.body).toMatchObject({ case: "pong", value: { id: 7, padding: bytesOf(16 * KIB) } });
    bench.receive({ case: "frames", value: { first: 1, frames: [open(1)] } });
    expect(bench.heard).toEqual([VIOLATION]);
  });

  it("refuses more padding than 16 KiB [PROBE-2]", () => {
    const bench = new LinkBench();
    bench.link.open();
    bench.receive(ping(7, bytesOf(16 * KIB + 1)));
    expect([bench.heard, bench.turn()]).toEqual([[MALFORMED], []]);
  });
});

describe("Link: bad input", () => {
  it("refuses a text message [PACKET-2]", () => {
    const bench = new LinkBench().bind();
    bench.link.receive("hello");
    expect(bench.heard).toEqual([VIOLATION]);
  });

  it("refuses what is no packet: cut anywhere, it is malformed or a packet with less in it [PACKET-4]", () => {
    const whole = encodeFrames(1, [open(1, { message: bytesOf(30) }), message(1, bytesOf(300))], 0);
    for (let length = 1; length < whole.length; length += 1) {
      const bench = new LinkBench().bind();
      bench.link.receive(whole.subarray(0, length));
      expect(bench.heard, `${length} bytes`).toEqual([MALFORMED]);
    }
  });

  it.each([21, 22, 23, 24])("survives random bytes and random changes of good ones, seed %d [PACKET-4]", (seed) => {
    const random = new SimulatedRandom(seed);
    const known = new Set([VIOLATION, MALFORMED, `${CloseCode.PROTOCOL_GAP} gap`]);
    for (let round = 0; round < 300; round += 1) {
      const bench = new LinkBench().bind();
      const good = encodeFrames(1, [
        open(1, { message: random.bytes(20) }),
        message(1, random.bytes(50)),
        unknownFrame(),
      ]);
      const bytes = random.chance(0.3) ? random.bytes(random.int(200)) : good;
      for (let i = random.int(4); i > 0; i -= 1) bytes[random.int(bytes.length)] = random.int(256);
      bench.link.receive(bytes);
      bench.turn();
      const surprises = bench.heard.filter(
        (said) => !known.has(said) && !/^(hello|farewell|pong|4300|4390)/.test(said),
      );
      expect(surprises, `round ${round}`).toEqual([]);
    }
  });

  it("refuses numbers above 2^53 - 1 [PACKET-4]", () => {
    const bench = new LinkBench().bind();
    bench.link.receive(Uint8Array.of(8, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10));
    expect(bench.heard).toEqual([MALFORMED]);
  });

  it("refuses a frame over 32 KiB in a packet that is not too large [FRAME-1]", () => {
    const overhead = 8;
    const fitting = new LinkBench().bind();
    fitting.receiveFrames(open(1));
    fitting.receiveFrames(message(1, bytesOf(32 * KIB - overhead)));
    expect(fitting.heard).toEqual([]);
    const bench = new LinkBench().bind();
    bench.receiveFrames(open(1));
    bench.receiveFrames(message(1, bytesOf(32 * KIB)));
    expect([bench.heard, bench.channel.received]).toEqual([[MALFORMED], 1]);
  });

  it("says PROTOCOL_GAP for a gap and PROTOCOL_VIOLATION for any other broken rule [CHAN-4, CALL-2]", () => {
    const gap = new LinkBench().bind();
    gap.link.receive(encodeFrames(2, [open(1)]));
    expect(gap.heard).toEqual([`${CloseCode.PROTOCOL_GAP} gap`]);
    const wrong = new LinkBench().bind();
    wrong.receiveFrames(open(2));
    expect(wrong.heard).toEqual([VIOLATION]);
  });

  it("says CHANNEL_LOST as a server and CHANNEL_DONE as a client to an acknowledgement of the future [CHAN-8]", () => {
    const said = (["server", "client"] as const).map((role) => {
      const bench = new LinkBench(role).bind();
      bench.receive({ case: undefined }, 1);
      return bench.heard;
    });
    expect(said).toEqual([
      [`${CloseCode.CHANNEL_LOST} position_impossible`],
      [`${CloseCode.CHANNEL_DONE} position_impossible`],
    ]);
  });

  it("counts a packet with a body that it does not know, and takes its acknowledgement and its sign of life [PACKET-6]", () => {
    const bench = new LinkBench("client").bind();
    bench.channel.open({ method: "a/b", listener: new CallRecorder() });
    bench.pass(1000);
    bench.link.receive(Uint8Array.of(8, 1, 0x9a, 6, 2, 1, 2));
    expect([bench.channel.acknowledged, bench.link.unknownPackets, bench.link.lastReceivedAtMs]).toEqual([1, 1, 1000]);
    bench.receive({ case: undefined });
    expect([bench.link.unknownPackets, bench.heard]).toEqual([1, []]);
  });

  it("applies the acknowledgement of a packet before its frames [PACKET-5]", () => {
    const bench = new LinkBench("client").bind();
    let acknowledged = -1;
    bench.channel.onCall = () => {
      acknowledged = bench.channel.acknowledged;
    };
    bench.channel.open({ method: "a/b", listener: new CallRecorder() });
    bench.turn();
    bench.link.receive(encodeFrames(1, [open(2)], 1));
    expect(acknowledged).toBe(1);
  });
});

describe("Link: ends", () => {
  it("tells its owner of a farewell, with its hint [CLOSE-2]", () => {
    const server = new LinkBench().bind();
    server.receive({ case: "goodbye", value: { code: CloseCode.CHANNEL_DONE, message: "bye" } });
    expect(server.heard).toEqual([`farewell ${CloseCode.CHANNEL_DONE} bye`]);
    const sender = new LinkBench("server").bind();
    sender.link.sendFarewell(CloseCode.DAEMON_DRAINING, "later", { afterMs: 5, jitterMs: 1 });
    const [packet] = sender.turn();
    expect(packet?.body).toMatchObject({
      case: "goAway",
      value: { code: CloseCode.DAEMON_DRAINING, hint: { afterMs: 5 } },
    });
  });

  it("sends a goodbye as a client, last of all, with what it has accepted [CLOSE-2]", () => {
    const bench = new LinkBench("client").bind();
    bench.receiveFrames(open(2));
    bench.link.sendFarewell(CloseCode.CONNECTION_DONE, "switching");
    bench.link.sendPing(1);
    bench.channel.open({ method: "a/b", listener: new CallRecorder() });
    const [packet, ...more] = bench.turn();
    // Goodbye and GoAway are the same on the wire, as far as this one goes.
    expect(packet).toMatchObject({ received: 1, body: { case: "goAway", value: { code: CloseCode.CONNECTION_DONE } } });
    expect(more).toEqual([]);
    expect(bench.channel.sent).toBe(0);
  });

  it("takes and sends nothing once it is stopped, and leaves the channel as it is [ATTEMPT-5]", () => {
    const bench = new LinkBench().bind();
    bench.link.stop();
    bench.receiveFrames(open(1));
    bench.receive(ping(1));
    bench.link.receive("text");
    expect([bench.pass(10_000), bench.heard, bench.channel.received]).toEqual([[], [], 0]);
    expect(bench.channel.isAttached).toBe(true);
  });

  it("leaves the channel to the newer connection when the older one is stopped [ATTEMPT-5]", () => {
    const bench = new LinkBench("client").bind();
    const newer = new LinkBench("client");
    newer.link.bind(bench.channel);
    bench.link.stop();
    bench.channel.open({ method: "a/b", listener: new CallRecorder() });
    expect([summary(bench.turn()), summary(newer.turn())]).toEqual([[], ["frames 1"]]);
  });
});

/** A packet of exactly so many bytes: a hello, or frames that are unknown. */
function padded(bytes: number, isHello: boolean): Uint8Array {
  if (isHello) return Uint8Array.of(0x12, ...lengthOf(bytes - 3), ...new Uint8Array(bytes - 3));
  return Uint8Array.of(
    0x1a,
    ...lengthOf(bytes - 4),
    8,
    0,
    0x9a,
    6,
    ...lengthOf(bytes - 11),
    ...new Uint8Array(bytes - 11),
  );
}

/** A length of 128 to 2,097,151 as a varint. */
function lengthOf(length: number): number[] {
  return length < 0x4000
    ? [(length & 0x7f) | 0x80, length >>> 7]
    : [(length & 0x7f) | 0x80, ((length >>> 7) & 0x7f) | 0x80, length >>> 14];
}
