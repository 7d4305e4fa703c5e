import { describe, expect, it } from "vitest";
import { okResult } from "../../../src/channel/frames.ts";
import { bytesOf, credit, message, open, outline } from "../../support/channel-frames.ts";
import { ScriptedPeer } from "../../support/channel-peer.ts";
import { countAlive } from "../../support/memory-use.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

describe("Channel: turns", () => {
  it("lets a keystroke go beside a file, at the next turn [CALL-8]", () => {
    const peer = new ScriptedPeer({ role: "client", peerLimits: { initialCreditBytes: 16 * MIB } });
    const { call: file } = peer.open();
    const { call: terminal } = peer.open();
    file.send(bytesOf(2 * MIB));
    peer.takePacket();
    terminal.send(bytesOf(1));
    const next = outline(peer.takePacket()?.frames ?? []);
    expect(next.indexOf("3 message 1")).toBeGreaterThanOrEqual(0);
    expect(next.indexOf("3 message 1")).toBeLessThanOrEqual(1);
  });

  it("lets each of many calls send one frame in a round [CALL-8]", () => {
    const peer = new ScriptedPeer({ role: "client" });
    const calls = [peer.open(), peer.open(), peer.open()].map(({ call }) => call);
    peer.take();
    for (const [i, call] of calls.entries()) for (let n = 0; n <= i; n += 1) call.send(bytesOf(n + 1));
    expect(peer.outline().map((frame) => frame.slice(0, 1))).toEqual(["1", "3", "5", "3", "5", "5"]);
  });

  it("sends credits, cancels and ends before the messages of other calls [CALL-9]", () => {
    const peer = new ScriptedPeer({ limits: { initialCreditBytes: 1024 } });
    peer.send(open(1), open(3, { message: bytesOf(500) }), open(5));
    const [busy, reading, ending] = peer.served;
    busy?.send(bytesOf(100));
    busy?.send(bytesOf(100));
    const { call } = peer.open();
    peer.takePacket();
    busy?.send(bytesOf(100));
    reading?.read();
    ending?.end(okResult);
    call.cancel();
    expect(peer.outline()).toEqual(["3 credit 564", "5 end 0", "2 cancel", "1 message 100"]);
  });

  it("sums the credits of one call into one frame [CALL-9]", () => {
    const peer = new ScriptedPeer();
    peer.send(open(1));
    for (let i = 0; i < 8; i += 1) {
      peer.send(message(1, bytesOf(30_000)));
      peer.last.read();
    }
    expect(peer.outline()).toEqual([`1 credit ${8 * 30_064}`]);
  });

  it("stops at once the stream that nobody reads, and no other one [CREDIT-4]", () => {
    const peer = new ScriptedPeer({ role: "client" });
    const { call: stalled } = peer.open();
    const { call: flowing } = peer.open();
    for (let i = 0; i < 20; i += 1) {
      stalled.send(bytesOf(30_000));
      flowing.send(bytesOf(30_000));
    }
    const before = peer.outline().filter((frame) => frame.startsWith("1 message")).length;
    expect(before).toBe(9);
    peer.acknowledge();
    peer.send(credit(3, 400_000));
    const after = peer.outline();
    expect(after.length).toBe(11);
    expect(after.every((frame) => frame.startsWith("3 message"))).toBe(true);
  });

  it("sends the end of a call that has no credit left behind its messages only, while others go on [CALL-9]", () => {
    const peer = new ScriptedPeer({ peerLimits: { initialCreditBytes: 1024 } });
    peer.send(open(1), open(3));
    const [starved, other] = peer.served;
    for (let i = 0; i < 3; i += 1) starved?.send(bytesOf(1000));
    starved?.end(okResult);
    other?.end(okResult);
    expect(peer.outline()).toEqual(["3 end 0", "1 message 1000"]);
    peer.send(credit(1, 100));
    expect(peer.outline()).toEqual(["1 message 1000"]);
    peer.send(credit(1, 2000));
    expect(peer.outline()).toEqual(["1 message 1000", "1 end 0"]);
  });

  it("wakes a producer when its credit comes, and not before [CREDIT-4]", () => {
    const peer = new ScriptedPeer({ role: "client", peerLimits: { initialCreditBytes: 1024 } });
    const { call, heard } = peer.open();
    call.send(bytesOf(2000));
    peer.take();
    expect(call.isWritable).toBe(false);
    peer.send(credit(1, 1040));
    expect([call.isWritable, heard.heard]).toEqual([false, []]);
    peer.send(credit(1, 1));
    expect([call.isWritable, heard.heard]).toEqual([true, ["writable"]]);
  });

  it("keeps nothing of calls that came and went while nothing could be sent [INV-14]", async () => {
    const peer = new ScriptedPeer({ role: "client" });
    peer.channel.detach();
    peer.open();
    const gone = Array.from({ length: 500 }, () => {
      const { call } = peer.open({ message: bytesOf(10) });
      call.cancel();
      return new WeakRef(call);
    });
    expect(peer.channel.calls.size).toBe(1);
    expect(await countAlive(gone)).toBeLessThan(5);
    peer.channel.attach(0);
    expect(peer.outline()).toEqual(["1 open"]);
  });
});
