import { describe, expect, it } from "vitest";
import type { Call } from "../../../src/channel/call.ts";
import { bytesOf, message, open, unknownFrame } from "../../support/channel-frames.ts";
import { LinkBench, summary } from "../../support/channel-link.ts";
import { CallRecorder } from "../../support/channel-recorder.ts";
import { liveBufferBytes } from "../../support/memory-use.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const noBytes = new Uint8Array(0);
const unknownFrames = (count: number): ReturnType<typeof unknownFrame>[] =>
  Array.from({ length: count }, () => unknownFrame());

function openCall(bench: LinkBench): Call {
  return bench.channel.open({ method: "test.Service/Method", listener: new CallRecorder() });
}

describe("Link: acknowledging", () => {
  it("acknowledges with a packet of its own after 32 frames, at the end of the turn [CHAN-6]", () => {
    const bench = new LinkBench().bind();
    bench.receiveFrames(...unknownFrames(31));
    expect(bench.turn()).toEqual([]);
    bench.receiveFrames(unknownFrame());
    expect(summary(bench.turn())).toEqual(["ack 32"]);
  });

  it("acknowledges after 128 KiB [CHAN-6]", () => {
    const bench = new LinkBench().bind();
    for (let i = 0; i < 4; i += 1)
      bench.receiveFrames(unknownFrame(0, Buffer.concat([Buffer.of(0xf0, 0xfd, 1), bytesOf(32_496)])));
    expect(summary(bench.turn())).toEqual([]);
    bench.receiveFrames(unknownFrame(0, Buffer.concat([Buffer.of(0xf0, 0xfd, 1), bytesOf(32_496)])));
    expect(summary(bench.turn())).toEqual(["ack 5"]);
  });

  it("acknowledges 200 ms after the first frame, once [CHAN-6]", () => {
    const bench = new LinkBench().bind();
    bench.receiveFrames(unknownFrame());
    expect(bench.pass(150)).toEqual([]);
    bench.receiveFrames(unknownFrame());
    expect(bench.pass(49)).toEqual([]);
    expect(summary(bench.pass(1))).toEqual(["ack 2"]);
    expect(bench.pass(10_000)).toEqual([]);
    expect(bench.clock.pending).toBe(0);
  });

  it("lets the acknowledgement ride on whatever leaves first [CHAN-6]", () => {
    const bench = new LinkBench().bind();
    bench.receiveFrames(open(2 ** 20 + 1));
    openCall(bench);
    const packets = bench.turn();
    expect(packets.map(({ received, body }) => [received, body.case])).toEqual([[1, "frames"]]);
    expect(bench.pass(1000)).toEqual([]);
    bench.receiveFrames(unknownFrame());
    bench.link.sendPing(1);
    expect([bench.turn().map(({ received }) => received), bench.pass(1000)]).toEqual([[2], []]);
  });

  it("acknowledges with its pongs, by number and by bytes only, while it is hidden [CHAN-6, LIVE-7]", () => {
    const bench = new LinkBench("client").bind();
    bench.link.setAcks("lazy");
    bench.receiveFrames(unknownFrame());
    expect([bench.pass(60_000), bench.clock.pending]).toEqual([[], 0]);
    bench.receive({ case: "ping", value: { id: 3, padding: noBytes } });
    const [pong] = bench.turn();
    expect([pong?.received, pong?.body.case]).toEqual([1, "pong"]);
    bench.receiveFrames(...unknownFrames(32));
    expect(summary(bench.turn())).toEqual(["ack 33"]);
  });

  it("acknowledges at once what is overdue when it is seen again [CHAN-6]", () => {
    const bench = new LinkBench("client").bind();
    bench.link.setAcks("lazy");
    bench.receiveFrames(unknownFrame());
    bench.pass(5_000);
    bench.link.setAcks("prompt");
    expect(summary(bench.turn())).toEqual(["ack 1"]);
  });

  it("tells a new connection at once what was accepted on the old one [RESUME-3]", () => {
    const bench = new LinkBench().bind();
    bench.receiveFrames(unknownFrame());
    bench.pass(1000);
    bench.link.stop();
    const next = new LinkBench();
    bench.channel.attach(0);
    next.link.bind(bench.channel);
    expect(summary(next.turn())).toEqual(["ack 1"]);
  });
});

describe("Link: the socket's buffer", () => {
  it("sends what became ready in one turn in one packet [PACKET-7]", () => {
    const bench = new LinkBench("client").bind();
    const call = openCall(bench);
    for (let i = 0; i < 10; i += 1) call.send(bytesOf(10));
    expect(summary(bench.turn())).toEqual(["frames 11"]);
    expect(bench.turn()).toEqual([]);
  });

  it("sends a packet as soon as it is full, and what is left at the end of the turn [PACKET-7]", () => {
    const bench = new LinkBench("client").bind();
    const call = openCall(bench);
    call.send(bytesOf(31 * KIB));
    expect(bench.left()).toEqual([]);
    call.send(bytesOf(31 * KIB));
    expect(summary(bench.left())).toEqual(["frames 2"]);
    expect(summary(bench.turn())).toEqual(["frames 1"]);
  });

  it("keeps a full packet back behind a pong, and where the buffer has no room [PACKET-8]", () => {
    const bench = new LinkBench("client").bind();
    const call = openCall(bench);
    bench.receive({ case: "ping", value: { id: 7, padding: noBytes } });
    for (let i = 0; i < 2; i += 1) call.send(bytesOf(31 * KIB));
    expect(bench.left()).toEqual([]);
    expect(summary(bench.turn())).toEqual(["pong 7", "frames 2", "frames 1"]);
    bench.bufferedBytes = 100 * KIB;
    for (let i = 0; i < 3; i += 1) call.send(bytesOf(31 * KIB));
    expect(bench.turn()).toEqual([]);
    bench.drainTo(0);
    expect(summary(bench.turn())).toEqual(["frames 1", "frames 1", "frames 1"]);
  });

  it("lets at most 128 KiB lie in the buffer; the rest waits unnumbered [PACKET-8]", () => {
    const bench = new LinkBench("client").bind();
    bench.isStalled = true;
    const call = openCall(bench);
    for (let i = 0; i < 30; i += 1) call.send(bytesOf(8_000));
    bench.turn();
    expect(bench.bufferedBytes).toBeLessThanOrEqual(128 * KIB);
    expect(bench.bufferedBytes).toBeGreaterThan(64 * KIB);
    const { sent } = bench.channel;
    expect(sent).toBeLessThan(20);
    bench.pass(60_000);
    expect(bench.channel.sent).toBe(sent);
    bench.drainTo(64 * KIB);
    bench.turn();
    expect(bench.channel.sent).toBeGreaterThan(sent);
    expect(bench.bufferedBytes).toBeLessThanOrEqual(128 * KIB);
  });

  it("lets pings, pongs and acknowledgements go before waiting frames [PACKET-8]", () => {
    const bench = new LinkBench("client").bind();
    bench.isStalled = true;
    const call = openCall(bench);
    for (let i = 0; i < 30; i += 1) call.send(bytesOf(8_000));
    bench.turn();
    bench.receiveFrames(...unknownFrames(40));
    bench.receive({ case: "ping", value: { id: 5, padding: noBytes } });
    bench.link.sendPing(9);
    expect(summary(bench.turn())).toEqual(["ping 9"]);
    bench.drainTo(64 * KIB);
    const packets = bench.turn();
    expect(summary(packets)[0]).toBe("pong 5");
    expect(packets[0]?.received).toBe(40);
  });

  it("answers a peer that pings without end and reads nothing with one pong, in the end [PACKET-8, INV-14]", () => {
    const bench = new LinkBench().bind();
    bench.isStalled = true;
    for (let id = 1; id <= 2_000; id += 1) {
      bench.receive({ case: "ping", value: { id, padding: bytesOf(KIB) } });
      bench.turn();
    }
    expect(bench.bufferedBytes).toBeLessThanOrEqual(128 * KIB);
    bench.drainTo(0);
    const packets = bench.turn();
    expect(summary(packets)).toEqual(["pong 2000"]);
    expect(packets[0]?.body.case === "pong" && packets[0].body.value.padding.length).toBe(KIB);
  });

  it("owes a peer that sends without end and reads nothing one acknowledgement, in the end [PACKET-8, INV-14]", () => {
    const bench = new LinkBench().bind();
    bench.bufferedBytes = 100 * KIB;
    bench.isStalled = true;
    for (let i = 0; i < 500; i += 1) bench.receiveFrames(...unknownFrames(40));
    expect(bench.pass(60_000)).toEqual([]);
    bench.drainTo(10 * KIB);
    expect(summary(bench.turn())).toEqual(["ack 20000"]);
  });

  it("acknowledges and answers while its outbox is full [CHAN-9]", () => {
    const bench = new LinkBench("client", { maxOutboxBytes: 64 * KIB }).bind();
    const call = openCall(bench);
    for (let i = 0; i < 20; i += 1) call.send(bytesOf(10_000));
    bench.turn();
    const { sent } = bench.channel;
    bench.receiveFrames(...unknownFrames(32));
    bench.receive({ case: "ping", value: { id: 5, padding: noBytes } });
    expect(summary(bench.turn())).toEqual(["pong 5"]);
    bench.receiveFrames(...unknownFrames(32));
    expect(summary(bench.turn())).toEqual(["ack 64"]);
    expect(bench.channel.sent).toBe(sent);
    bench.receive({ case: undefined }, sent);
    expect(summary(bench.turn())[0]).toMatch(/^frames/);
  });

  it("sends one packet at a time into a buffer that is smaller than that", () => {
    const bench = new LinkBench("client", { maxBufferedBytes: 10 * KIB }).bind();
    bench.isStalled = true;
    const call = openCall(bench);
    for (let i = 0; i < 20; i += 1) call.send(bytesOf(10_000));
    expect(bench.turn().length).toBe(1);
    bench.drainTo(1);
    expect(bench.turn().length).toBe(0);
    bench.drainTo(0);
    expect(bench.turn().length).toBe(1);
  });

  it("keeps no packets alive for the sake of small messages that nobody reads [INV-14]", () => {
    const bench = new LinkBench().bind();
    bench.receiveFrames(open(1));
    const before = liveBufferBytes();
    const junk = Buffer.concat([Buffer.of(0xe0, 0xfa, 1), bytesOf(32_096)]);
    for (let i = 0; i < 1_500; i += 1) bench.receiveFrames(message(1, bytesOf(1)), unknownFrame(0, junk));
    expect(bench.heard).toEqual([]);
    expect(liveBufferBytes() - before).toBeLessThan(3 * MIB);
  });
});
