import { describe, expect, it } from "vitest";
import type { Frame } from "../../../gen/moorline/session/v1/packet_moorline.ts";
import { okResult } from "../../../src/channel/frames.ts";
import { bytesOf, end, halfClose, headers, message, open } from "../../support/channel-frames.ts";
import { ScriptedPeer } from "../../support/channel-peer.ts";
import { readAll } from "../../support/channel-recorder.ts";

describe("Channel: one call", () => {
  it("takes one frame each way where request and response fit [CALL-5]", () => {
    const caller = new ScriptedPeer({ role: "client" });
    const { call, heard } = caller.open({ message: bytesOf(3), last: true });
    expect(caller.outline()).toEqual(["1 open 3 last"]);
    caller.send(end(1, { lastMessage: bytesOf(4) }));
    expect([heard.heard, readAll(call), call.isClosed, call.isDrained]).toEqual([["closed"], [bytesOf(4)], true, true]);
    const callee = new ScriptedPeer();
    callee.send(open(1, { message: bytesOf(3) }, true));
    expect([readAll(callee.last), callee.last.isDrained]).toEqual([[bytesOf(3)], true]);
    callee.last.end({ ...okResult, lastMessage: bytesOf(4) });
    expect(callee.outline()).toEqual(["1 end 0 4"]);
  });

  it("tells an absent message from an empty one [CALL-5]", () => {
    const peer = new ScriptedPeer();
    peer.send(open(1, {}, true), open(3, { message: new Uint8Array(0) }, true));
    expect(peer.served.map(readAll)).toEqual([[], [new Uint8Array(0)]]);
    const caller = new ScriptedPeer({ role: "client" });
    const calls = [caller.open({ last: true }).call, caller.open({ message: new Uint8Array(0), last: true }).call];
    expect(caller.outline()).toEqual(["1 open last", "3 open 0 last"]);
    caller.send(end(1), end(3, { lastMessage: new Uint8Array(0) }));
    expect(calls.map(readAll)).toEqual([[], [new Uint8Array(0)]]);
  });

  it("sends a first message that does not fit the open behind it [CALL-5, FRAME-3]", () => {
    const peer = new ScriptedPeer({ role: "client" });
    peer.open({ message: bytesOf(40_000), last: true });
    expect(peer.outline()).toEqual(["1 open", "1 part 32736", "1 message 7264 last"]);
  });

  it("brings headers before messages, and the end after them, each told once", () => {
    const peer = new ScriptedPeer({ role: "client" });
    const { call, heard } = peer.open();
    call.read();
    peer.take();
    peer.send(headers(1, { name: "a", value: "b" }), message(1, bytesOf(1)));
    expect(heard.heard).toEqual(["headers", "readable"]);
    expect(heard.headerLists).toEqual([[{ name: "a", value: "b", unknown: undefined }]]);
    peer.send(message(1, bytesOf(2)), end(1, { code: 5, message: "gone", trailers: [{ name: "t", value: "u" }] }));
    expect(heard.heard).toEqual(["headers", "readable", "closed"]);
    expect(heard.close).toMatchObject({
      kind: "ended",
      result: { code: 5, message: "gone", trailers: [{ name: "t" }] },
    });
    expect(readAll(call).map(({ length }) => length)).toEqual([1, 2]);
  });

  it("ends the half of its sender with last, or with half_close behind its messages [CALL-6]", () => {
    const peer = new ScriptedPeer();
    peer.send(open(1), message(1, bytesOf(1), true), open(3), message(3, bytesOf(1)), halfClose(3), open(5, {}, true));
    for (const call of peer.served) {
      readAll(call);
      expect(call.isDrained).toBe(true);
    }
    const caller = new ScriptedPeer({ role: "client" });
    const { call } = caller.open();
    call.send(bytesOf(1));
    call.halfClose();
    call.halfClose();
    call.send(bytesOf(2));
    expect(caller.outline()).toEqual(["1 open", "1 message 1", "1 halfClose"]);
  });

  it("refuses a message after the half of its sender has ended [CALL-6]", () => {
    const endings: Frame[][] = [[open(1, {}, true)], [open(1), message(1, bytesOf(1), true)], [open(1), halfClose(1)]];
    for (const ending of endings) {
      const peer = new ScriptedPeer();
      peer.send(...ending);
      expect(peer.send(message(1, bytesOf(1)))?.kind).toBe("violation");
    }
    const caller = new ScriptedPeer({ role: "client" });
    caller.open();
    caller.take();
    expect(caller.send(message(1, bytesOf(1), true), end(1, { lastMessage: bytesOf(1) }))?.kind).toBe("violation");
  });

  it("still sends and is answered after its own half has ended [CALL-6]", () => {
    const peer = new ScriptedPeer();
    peer.send(open(1, {}, true));
    peer.last.send(bytesOf(2));
    peer.last.send(bytesOf(3));
    peer.last.end(okResult);
    expect(peer.outline()).toEqual(["1 message 2", "1 message 3", "1 end 0"]);
  });

  it("is UNIMPLEMENTED where nobody serves calls", () => {
    const peer = new ScriptedPeer();
    peer.channel.onCall = undefined;
    peer.send(open(1));
    expect(peer.outline()).toEqual(["1 end 12"]);
  });

  it("passes what opens it: method, headers, idempotency key, and the deadline on the callee's clock [DEADLINE-1]", () => {
    const peer = new ScriptedPeer();
    peer.nowMs = 700;
    peer.send(open(1, { headers: [{ name: "traceparent", value: "00" }], timeoutMs: 300, idempotencyKey: "k" }));
    expect(peer.last.method).toBe("test.Service/Method");
    expect(peer.last.request).toMatchObject({
      headers: [{ name: "traceparent", value: "00" }],
      deadlineMs: 1000,
      idempotencyKey: "k",
    });
  });
});
