import { describe, expect, it } from "vitest";
import { CallOutcome, ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { okResult } from "../../../src/channel/frames.ts";
import { bytesOf, cancel, credit, end, halfClose, message, open, part } from "../../support/channel-frames.ts";
import { ScriptedPeer } from "../../support/channel-peer.ts";
import { type CallRecorder, readAll } from "../../support/channel-recorder.ts";

describe("Channel: ends of calls", () => {
  it("drops and counts frames for a call that has ended, by whichever side [CALL-3]", () => {
    const peer = new ScriptedPeer();
    peer.send(open(1));
    peer.last.end(okResult);
    peer.take();
    expect(peer.send(message(1, bytesOf(1)), credit(1, 5), cancel(1), halfClose(1))).toBeUndefined();
    expect([peer.channel.counters.lateFrames, peer.channel.received]).toEqual([4, 5]);
    const caller = new ScriptedPeer({ role: "client" });
    caller.open().call.cancel();
    const { call } = caller.open();
    caller.take();
    call.cancel();
    expect(caller.send(message(1, bytesOf(1)), end(1))).toBeUndefined();
    expect([caller.outline(), caller.channel.counters.lateFrames]).toEqual([["1 cancel"], 2]);
  });

  it("discards with a cancel what its own call has queued, and nothing else [CALL-10]", () => {
    const peer = new ScriptedPeer({ role: "client" });
    const { call, heard } = peer.open();
    const { call: other } = peer.open();
    peer.take();
    call.send(bytesOf(100_000));
    call.send(bytesOf(1));
    other.send(bytesOf(2));
    call.cancel();
    call.cancel();
    expect(peer.outline()).toEqual(["1 cancel", "3 message 2"]);
    expect([heard.heard, peer.channel.calls.size]).toEqual([[], 1]);
  });

  it("hears of a cancel once, answers nothing, and holds nothing any more [CALL-10]", () => {
    const peer = new ScriptedPeer();
    peer.send(open(1), message(1, bytesOf(9)));
    peer.last.send(bytesOf(100_000));
    const { listener } = peer.last as unknown as { listener: CallRecorder };
    peer.send(cancel(1), cancel(1));
    expect([listener.heard, listener.close?.kind]).toEqual([["closed"], "cancelled"]);
    peer.last.send(bytesOf(1));
    peer.last.end(okResult);
    expect([peer.take(), peer.channel.heldBytes, peer.last.read()]).toEqual([[], 0, undefined]);
  });

  it("takes back an end that waits when its caller cancels [CALL-10]", () => {
    const peer = new ScriptedPeer({ peerLimits: { initialCreditBytes: 1024 } });
    peer.send(open(1));
    peer.last.send(bytesOf(2000));
    peer.last.send(bytesOf(2000));
    peer.last.end(okResult);
    expect(peer.outline()).toEqual(["1 message 2000"]);
    peer.send(cancel(1));
    expect([peer.take(), peer.channel.calls.size]).toEqual([[], 0]);
  });

  it("discards a message that began as parts when the call ends [CALL-10]", () => {
    const caller = new ScriptedPeer({ role: "client" });
    const { call } = caller.open();
    caller.take();
    caller.acknowledge();
    caller.send(part(1, bytesOf(100)), end(1, { lastMessage: bytesOf(7) }));
    expect([readAll(call), caller.channel.heldBytes]).toEqual([[bytesOf(7)], 0]);
    const callee = new ScriptedPeer();
    callee.send(open(1), part(1, bytesOf(100)), halfClose(1));
    expect([readAll(callee.last), callee.last.isDrained, callee.channel.heldBytes]).toEqual([[], true, 0]);
  });

  it("leaves no trace of a call that is over before its open had a number [CALL-13]", () => {
    const peer = new ScriptedPeer({ role: "client" });
    peer.channel.detach();
    const { call, heard } = peer.open({ message: bytesOf(5) });
    call.cancel();
    peer.channel.attach(0);
    expect([peer.take(), peer.channel.sent, peer.channel.calls.size, heard.heard]).toEqual([[], 0, 0, []]);
  });

  it("ends every call when the channel is lost: NOT_SENT where no open was numbered, else UNKNOWN [CALL-12]", () => {
    const peer = new ScriptedPeer({ role: "client" });
    const sent = peer.open();
    const over = peer.open();
    const ended = peer.open();
    peer.take();
    peer.send(end(5), open(2));
    over.call.cancel();
    const waiting = peer.open({ message: bytesOf(10) });
    peer.channel.lose(ChannelLossReason.REPLAY_EVICTED);
    peer.channel.lose(ChannelLossReason.CHANNEL_DONE);
    const reason = ChannelLossReason.REPLAY_EVICTED;
    expect(sent.heard.closes).toEqual([{ kind: "lost", reason, outcome: CallOutcome.UNKNOWN }]);
    expect(waiting.heard.closes).toEqual([{ kind: "lost", reason, outcome: CallOutcome.NOT_SENT }]);
    expect((peer.last as unknown as { listener: CallRecorder }).listener.closes.length).toBe(1);
    expect([over.heard.heard, ended.heard.heard]).toEqual([[], ["closed"]]);
    expect([peer.channel.calls.size, peer.channel.heldBytes, peer.channel.lossReason]).toEqual([0, 0, reason]);
  });

  it("tells nobody of the loss who has ended the call before [CALL-12]", () => {
    const peer = new ScriptedPeer({ peerLimits: { initialCreditBytes: 64 } });
    peer.send(open(1));
    peer.last.send(bytesOf(100));
    peer.last.send(bytesOf(100));
    peer.last.end(okResult);
    peer.channel.lose(ChannelLossReason.CHANNEL_EXPIRED);
    expect((peer.last as unknown as { listener: CallRecorder }).listener.heard).toEqual([]);
  });

  it("opens nothing, takes nothing and accepts nothing once it is lost", () => {
    const peer = new ScriptedPeer();
    peer.channel.lose(ChannelLossReason.CHANNEL_EXPIRED);
    expect(() => peer.open()).toThrow(expect.objectContaining({ name: "ChannelLostError" }));
    expect(peer.channel.attach(0)).toBe(false);
    expect([peer.send(open(1)), peer.served.length, peer.channel.calls.size, peer.take()]).toEqual([
      undefined,
      0,
      0,
      [],
    ]);
  });

  it("goes on over a change of connection [CALL-11]", () => {
    const peer = new ScriptedPeer({ role: "client" });
    const { call, heard } = peer.open();
    peer.take();
    peer.channel.detach();
    call.send(bytesOf(4), true);
    peer.channel.attach(1);
    expect(peer.outline()).toEqual(["1 message 4 last"]);
    peer.send(end(1, { lastMessage: bytesOf(5) }));
    expect([heard.close?.kind, readAll(call)]).toEqual(["ended", [bytesOf(5)]]);
  });
});
