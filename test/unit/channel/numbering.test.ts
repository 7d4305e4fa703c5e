import { describe, expect, it } from "vitest";
import {
  bytesOf,
  cancel,
  credit,
  encodeFrames,
  message,
  open,
  outline,
  unknownFrame,
} from "../../support/channel-frames.ts";
import { ScriptedPeer } from "../../support/channel-peer.ts";
import { readAll } from "../../support/channel-recorder.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

describe("Channel: numbering", () => {
  it("numbers frames from 1, packet after packet [CHAN-1, CHAN-2]", () => {
    const peer = new ScriptedPeer({ role: "client" });
    peer.open({ message: bytesOf(1) });
    const first = peer.takePacket();
    peer.open();
    peer.open();
    const second = peer.takePacket();
    expect(
      [first, second].map((taken) => taken?.packet.body.case === "frames" && taken.packet.body.value.first),
    ).toEqual([1, 2]);
    expect([peer.channel.sent, peer.received]).toEqual([3, 3]);
  });

  it("numbers nothing while there is no connection: what waits goes in the end with the next one [CHAN-1]", () => {
    const peer = new ScriptedPeer({ role: "client" });
    peer.channel.detach();
    const { call } = peer.open();
    call.send(bytesOf(5));
    expect([peer.takePacket(), peer.channel.sent]).toEqual([undefined, 0]);
    peer.channel.attach(0);
    expect(peer.outline()).toEqual(["1 open", "1 message 5"]);
  });

  it("numbers nothing for acknowledgements [CHAN-1]", () => {
    const peer = new ScriptedPeer();
    for (let i = 0; i < 40; i += 1) peer.send(unknownFrame());
    expect([peer.channel.tellReceived(), peer.channel.sent]).toEqual([40, 0]);
  });

  it("refuses frames without the number of their first [CHAN-2]", () => {
    const peer = new ScriptedPeer();
    expect(peer.sendAs(0, open(1))?.kind).toBe("violation");
    expect(peer.channel.received).toBe(0);
  });

  it("takes a packet without frames [CHAN-2]", () => {
    const peer = new ScriptedPeer();
    expect(peer.sendAs(0)).toBeUndefined();
  });
});

describe("Channel: accepting", () => {
  it("drops a frame that was accepted before, alone or before new ones [CHAN-3]", () => {
    const peer = new ScriptedPeer();
    peer.send(open(1), message(1, bytesOf(1)));
    expect(peer.sendAs(1, open(1), message(1, bytesOf(1)))).toBeUndefined();
    expect(peer.sendAs(2, message(1, bytesOf(1)), message(1, bytesOf(2)))).toBeUndefined();
    expect([peer.channel.received, peer.channel.counters.duplicateFrames, peer.served.length]).toEqual([3, 3, 1]);
    expect(readAll(peer.last).map(({ length }) => length)).toEqual([1, 2]);
  });

  it("tells the peer again, at once, that it has what came twice", () => {
    const peer = new ScriptedPeer();
    peer.send(open(1));
    peer.channel.tellReceived();
    expect(peer.channel.isAckDue).toBe(false);
    peer.sendAs(1, open(1));
    expect(peer.channel.isAckDue).toBe(true);
  });

  it("accepts nothing of a packet that leaves out a number [CHAN-4]", () => {
    const peer = new ScriptedPeer();
    peer.send(open(1));
    expect(peer.sendAs(3, message(1, bytesOf(1)), message(1, bytesOf(2)))?.kind).toBe("gap");
    expect([peer.channel.received, readAll(peer.last)]).toEqual([1, []]);
    expect(peer.sendAs(2, message(1, bytesOf(1)))).toBeUndefined();
    expect(peer.channel.received).toBe(2);
  });

  it("counts up to the frame that breaks a rule, and no further [CHAN-5]", () => {
    const peer = new ScriptedPeer();
    expect(peer.send(open(1), message(1, bytesOf(1)), message(3, bytesOf(1)), message(1, bytesOf(1)))?.kind).toBe(
      "violation",
    );
    expect(peer.channel.received).toBe(2);
  });

  it("consumes the number of a frame that it does not know, and counts the frame [FRAME-5]", () => {
    const peer = new ScriptedPeer();
    expect(peer.send(unknownFrame(), unknownFrame(77), open(1))).toBeUndefined();
    expect([peer.channel.received, peer.channel.counters.unknownFrames, peer.served.length]).toEqual([3, 2, 1]);
  });

  it("starts no handler before the whole packet is accepted: an open that is cancelled in it never runs [CHAN-12]", () => {
    const peer = new ScriptedPeer();
    expect(peer.send(open(1), open(3, { message: bytesOf(3) }, true), cancel(1), cancel(3), open(5))).toBeUndefined();
    expect(peer.served.length).toBe(1);
    expect(peer.channel.calls.size).toBe(1);
    expect(peer.take()).toEqual([]);
  });

  it("does not wait for its own outbox: what it accepts frees the peer [CHAN-13]", () => {
    const peer = new ScriptedPeer({ limits: { maxOutboxBytes: 64 * KIB } });
    peer.send(open(1), open(3));
    for (const call of peer.served) while (call.isWritable) call.send(bytesOf(10 * KIB));
    peer.take();
    expect(peer.channel.take(0)).toBeUndefined();
    peer.send(message(1, bytesOf(100)), credit(1, 1000), message(3, bytesOf(100)));
    expect([peer.channel.received, peer.served.map((call) => readAll(call).length)]).toEqual([5, [1, 1]]);
  });
});

describe("Channel: acknowledgement", () => {
  it("forgets what is acknowledged, and what is not goes again on the next connection [CHAN-7, RESUME-3]", () => {
    const peer = new ScriptedPeer({ role: "client" });
    for (let i = 0; i < 4; i += 1) peer.open();
    peer.take();
    peer.acknowledge(2);
    expect(peer.channel.acknowledged).toBe(2);
    peer.channel.detach();
    expect(peer.channel.attach(3)).toBe(true);
    const again = peer.takePacket();
    expect(again?.packet.body.case === "frames" && again.packet.body.value.first).toBe(4);
    expect(outline(again?.frames ?? [])).toEqual(["7 open"]);
  });

  it("takes a position below what it knows for the older news that it is [RESUME-8]", () => {
    const peer = new ScriptedPeer({ role: "client" });
    for (let i = 0; i < 4; i += 1) peer.open();
    peer.take();
    peer.acknowledge(3);
    expect(peer.channel.attach(1)).toBe(true);
    expect(peer.outline()).toEqual(["7 open"]);
  });

  it("says so where the peer acknowledges what was never sent [CHAN-8]", () => {
    const peer = new ScriptedPeer({ role: "client" });
    peer.open();
    peer.take();
    expect(peer.acknowledge(2)?.kind).toBe("position_impossible");
    expect(peer.channel.attach(2)).toBe(false);
    expect(peer.acknowledge(1)).toBeUndefined();
  });

  it("sends the same frames with the same numbers and bytes on every connection, in packets of their own [FRAME-4]", () => {
    const peer = new ScriptedPeer({ role: "client" });
    const { call } = peer.open({ headers: [{ name: "traceparent", value: "00-1" }], deadlineMs: 5_000 });
    for (const length of [0, 1, 200, 30_000, 50_000, 60_000]) call.send(bytesOf(length));
    peer.nowMs = 1_000;
    const sent = peer.take();
    peer.channel.detach();
    peer.nowMs = 4_000;
    peer.channel.attach(0);
    const { call: later } = peer.open();
    later.send(bytesOf(7));
    const again = peer.take();
    expect(again.slice(0, sent.length).map((frame) => encodeFrames(1, [frame]))).toEqual(
      sent.map((frame) => encodeFrames(1, [frame])),
    );
    expect(outline(again.slice(sent.length))).toEqual(["3 open", "3 message 7"]);
  });

  it("numbers nothing more at 4 MiB unacknowledged, and goes on when some are acknowledged [CHAN-9]", () => {
    const peer = new ScriptedPeer({ role: "client", peerLimits: { initialCreditBytes: 16 * MIB } });
    const { call } = peer.open();
    while (call.isWritable) call.send(bytesOf(64 * KIB));
    peer.take();
    expect(peer.channel.heldBytes).toBeLessThanOrEqual(4 * MIB);
    expect(peer.channel.heldBytes).toBeGreaterThan(4 * MIB - 128 * KIB);
    const { sent } = peer.channel;
    peer.acknowledge(sent - 1);
    expect(peer.channel.heldBytes).toBeLessThan(64 * KIB);
    expect(peer.take().length).toBeGreaterThan(50);
    expect(peer.channel.isFlushed).toBe(false);
  });

  it("is flushed when nothing waits and all is acknowledged", () => {
    const peer = new ScriptedPeer({ role: "client" });
    expect(peer.channel.isFlushed).toBe(true);
    peer.open();
    expect(peer.channel.isFlushed).toBe(false);
    peer.take();
    expect(peer.channel.isFlushed).toBe(false);
    peer.acknowledge();
    expect(peer.channel.isFlushed).toBe(true);
  });
});
