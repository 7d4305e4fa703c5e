import { describe, expect, it } from "vitest";
import type { Frame } from "../../../gen/moorline/session/v1/packet_moorline.ts";
import { okResult } from "../../../src/channel/frames.ts";
import { bytesOf, end, message, open, part } from "../../support/channel-frames.ts";
import { JoinedPair } from "../../support/channel-pair.ts";
import { ScriptedPeer } from "../../support/channel-peer.ts";
import { type CallRecorder, keepReading, readAll } from "../../support/channel-recorder.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const SMALL = { limits: { initialCreditBytes: KIB, maxCreditGrowthBytes: 0 } };

function heardBy(peer: ScriptedPeer): CallRecorder {
  return peer.last.listener as CallRecorder;
}

describe("Channel: credit", () => {
  it("lets the callee send what the open adds, towards the opener only [CREDIT-1]", () => {
    const peer = new ScriptedPeer({ peerLimits: { initialCreditBytes: KIB } });
    peer.send(open(1, { credit: 5000 }), open(3));
    for (const call of peer.served) for (let i = 0; i < 10; i += 1) call.send(bytesOf(1000));
    const sent = peer.outline();
    expect([1, 3].map((id) => sent.filter((frame) => frame.startsWith(`${id} `)).length)).toEqual([6, 1]);
  });

  it("asks for more credit with the open, and takes what comes for it [CREDIT-1]", () => {
    const peer = new ScriptedPeer({ role: "client", ...SMALL });
    const { call } = peer.open({ credit: 3000 });
    const [frame] = peer.take();
    expect(frame?.body.case === "open" && frame.body.value.credit).toBe(3000);
    peer.send(...[1, 2, 3, 4].map((i) => message(1, bytesOf(940, i))));
    expect(readAll(call).length).toBe(4);
  });

  it("ends a call that overdraws its credit by more than one frame; the channel goes on [CREDIT-6]", () => {
    const peer = new ScriptedPeer(SMALL);
    peer.send(open(1), open(3));
    expect(peer.send(message(1, bytesOf(KIB)), message(1, bytesOf(0)), message(3, bytesOf(1)))).toBeUndefined();
    expect(peer.outline()).toEqual(["1 end 8"]);
    const { listener } = peer.served[0] as unknown as { listener: CallRecorder };
    expect(listener.close).toMatchObject({ kind: "overrun", error: { limit: "CREDIT" } });
    expect([peer.served[0]?.read(), readAll(peer.last).length]).toEqual([undefined, 1]);
  });

  it("cancels a call whose callee overdraws its credit, and says why [CREDIT-6]", () => {
    const peer = new ScriptedPeer({ role: "client", ...SMALL });
    const { call, heard } = peer.open();
    call.read();
    peer.take();
    peer.send(message(1, bytesOf(KIB)), message(1, bytesOf(0)), message(1, bytesOf(0)));
    expect(peer.outline()).toEqual(["1 cancel"]);
    expect(heard.closes).toMatchObject([{ kind: "overrun", error: { limit: "CREDIT" } }]);
    expect([call.isClosed, call.read()]).toEqual([true, undefined]);
  });

  it("tells the callee nothing where it was the last message of its end that overdrew [CREDIT-6]", () => {
    const peer = new ScriptedPeer({ role: "client", ...SMALL });
    const { heard } = peer.open();
    peer.take();
    peer.send(message(1, bytesOf(KIB)), end(1, { lastMessage: bytesOf(0) }));
    expect([heard.closes.length, heard.close?.kind, peer.take(), peer.channel.calls.size]).toEqual([
      1,
      "overrun",
      [],
      0,
    ]);
  });

  it("ends a call over a message above the limit, before it is sent where the limit is known [CREDIT-7]", () => {
    const peer = new ScriptedPeer({ limits: { maxMessageBytes: 1000 }, peerLimits: { maxMessageBytes: 500 } });
    peer.send(open(1), message(1, bytesOf(1001)), open(3));
    expect(peer.outline()).toEqual(["1 end 8"]);
    expect(() => peer.last.send(bytesOf(501))).toThrow(expect.objectContaining({ limit: "MESSAGE_BYTES", max: 500 }));
    peer.last.send(bytesOf(500));
    peer.last.end({ ...okResult, lastMessage: bytesOf(501) });
    expect(peer.outline()).toEqual(["3 message 500", "3 end 8"]);
    expect(() => peer.open({ message: bytesOf(501) })).toThrow(expect.objectContaining({ limit: "MESSAGE_BYTES" }));
  });

  it("never serves a call whose first message is above the limit [CREDIT-7, CHAN-12]", () => {
    const peer = new ScriptedPeer({ limits: { maxMessageBytes: 10 } });
    peer.send(open(1, { message: bytesOf(11) }));
    expect([peer.served.length, peer.outline()]).toEqual([0, ["1 end 8"]]);
  });

  it("holds one window of a reader that never reads, however many messages are empty [CREDIT-2, CREDIT-4]", () => {
    const peer = new ScriptedPeer();
    peer.send(open(1));
    const empties = Array.from({ length: 4096 }, () => message(1, new Uint8Array(0)));
    expect(peer.send(...empties)).toBeUndefined();
    expect(heardBy(peer).closes).toEqual([]);
    peer.send(message(1, new Uint8Array(0)));
    expect(heardBy(peer).close?.kind).toBe("overrun");
    expect(peer.channel.heldBytes).toBe(0);
  });
});

describe("Channel: windows grow", () => {
  it("gives a fast reader twice the window, in this call only [CREDIT-8]", () => {
    const peer = new ScriptedPeer({ limits: { initialCreditBytes: KIB, maxCreditGrowthBytes: 4 * KIB } });
    peer.send(open(1), open(3));
    peer.send(message(1, bytesOf(KIB - 64)), message(3, bytesOf(KIB / 2)));
    for (const call of peer.served) readAll(call);
    expect(peer.outline()).toEqual([`1 credit ${2 * KIB}`, `3 credit ${KIB / 2 + 64}`]);
  });
});

describe("Channel: windows of ended calls", () => {
  it("leaves what ended calls had grown by to others [CREDIT-8]", () => {
    const peer = new ScriptedPeer({ limits: { initialCreditBytes: KIB, maxCreditGrowthBytes: KIB } });
    const credits = [1, 3, 5].map((id) => {
      peer.send(open(id), message(id, bytesOf(KIB - 64)));
      readAll(peer.last);
      const [credit] = peer.outline();
      if (id === 3) for (const call of peer.served) call.end(okResult);
      peer.outline();
      return credit;
    });
    expect(credits).toEqual([`1 credit ${2 * KIB}`, `3 credit ${KIB}`, `5 credit ${2 * KIB}`]);
  });
});

describe("Channel: parts paid back early", () => {
  const piece = (id: number): Frame => part(id, bytesOf(600));

  it("pays back the parts of one message at a time, the oldest first [CREDIT-5]", () => {
    const peer = new ScriptedPeer(SMALL);
    peer.send(open(1), open(3));
    const [first, second] = peer.served;
    second?.read();
    first?.read();
    peer.send(piece(1), piece(3));
    expect(peer.outline()).toEqual(["1 credit 664"]);
    peer.send(piece(1), piece(3));
    expect(peer.outline()).toEqual(["1 credit 664"]);
    peer.send(message(1, bytesOf(1)));
    expect(peer.outline()).toEqual(["3 credit 1328"]);
    expect([readAll(first as never).map(({ length }) => length), peer.take()]).toEqual([[1201], []]);
  });

  it("passes over a message whose reader does not wait, until it does [CREDIT-5]", () => {
    const peer = new ScriptedPeer(SMALL);
    peer.send(open(1), open(3));
    const [first, second] = peer.served;
    second?.read();
    peer.send(piece(1), piece(3));
    expect(peer.outline()).toEqual(["3 credit 664"]);
    peer.send(message(3, bytesOf(1)));
    expect(peer.take()).toEqual([]);
    first?.read();
    expect(peer.outline()).toEqual(["1 credit 664"]);
  });

  it("pays nothing back early while something else is queued in the call [CREDIT-5]", () => {
    const peer = new ScriptedPeer(SMALL);
    peer.send(open(1));
    peer.last.read();
    peer.send(message(1, bytesOf(1)), piece(1));
    expect(peer.take()).toEqual([]);
    peer.last.read();
    expect(peer.take()).toEqual([]);
    peer.last.read();
    expect(peer.outline()).toEqual(["1 credit 729"]);
  });

  it("goes on with the next message when the call that is paid ends on this side, even while its end waits [CREDIT-5]", () => {
    const peer = new ScriptedPeer({ ...SMALL, peerLimits: { initialCreditBytes: 64 } });
    peer.send(open(1), open(3));
    const [first, second] = peer.served;
    first?.send(bytesOf(100));
    first?.send(bytesOf(100));
    for (const call of peer.served) call.read();
    peer.send(piece(1), piece(3));
    expect(peer.outline()).toEqual(["1 credit 664", "1 message 100"]);
    first?.end(okResult);
    expect(peer.outline()).toEqual(["3 credit 664"]);
    expect(second?.isClosed).toBe(false);
  });

  it("goes on with the next message when the call that is paid is cancelled, by either side [CREDIT-5]", () => {
    const peer = new ScriptedPeer({ role: "client", ...SMALL });
    const calls = [peer.open(), peer.open(), peer.open()].map(({ call }) => call);
    peer.take();
    for (const call of calls) call.read();
    peer.send(piece(1), piece(3), piece(5));
    expect(peer.outline()).toEqual(["1 credit 664"]);
    calls[0]?.cancel();
    expect(peer.outline()).toEqual(["3 credit 664", "1 cancel"]);
    peer.send(end(3, { code: 13 }));
    expect(peer.outline()).toEqual(["5 credit 664"]);
  });

  it("brings messages of 16 MiB through a window of 1 KiB, several at a time, whole and in order [CREDIT-5]", {
    timeout: 60_000,
  }, () => {
    const pair = new JoinedPair({ initialCreditBytes: KIB });
    const wholes = [1, 2, 3].map((seed) => bytesOf(16 * MIB - seed * 1000, seed));
    const received: Uint8Array[][] = [];
    pair.server.onCall = (call) => void received.push(keepReading(call));
    const calls = wholes.map((whole) => pair.open({ message: whole, last: true }));
    pair.run();
    expect(received.map((list) => list.length)).toEqual([1, 1, 1]);
    for (const [i, whole] of wholes.entries()) expect(Buffer.compare(received[i]?.[0] ?? Buffer.of(), whole)).toBe(0);
    expect(calls.map(({ isClosed }) => isClosed)).toEqual([false, false, false]);
    expect(pair.peakHeldBytes).toBeLessThan(17 * MIB);
  });

  it("bounds what is put together at once by one message, however many are under way [CREDIT-5, INV-14]", () => {
    const pair = new JoinedPair({ initialCreditBytes: 64 * KIB });
    pair.server.onCall = (call) => void keepReading(call);
    for (let i = 0; i < 20; i += 1) pair.open({ message: bytesOf(MIB, i) });
    pair.run();
    expect(pair.peakHeldBytes).toBeLessThan(MIB + 20 * 96 * KIB + 4 * MIB);
    expect(pair.violations).toEqual([]);
  });
});
