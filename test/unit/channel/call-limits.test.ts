import { fromBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { CallOutcome, Limit, LimitExceededSchema } from "../../../gen/moorline/session/v1/error_pb.ts";
import type { Frame } from "../../../gen/moorline/session/v1/packet_moorline.ts";
import { okResult } from "../../../src/channel/frames.ts";
import { cancel, end, open, outline } from "../../support/channel-frames.ts";
import { ScriptedPeer } from "../../support/channel-peer.ts";

/** The LimitExceeded in the details of an end. */
function limitOf(frame: Frame | undefined): { limit: Limit; outcome: CallOutcome } | undefined {
  if (frame?.body.case !== "end") return undefined;
  const detail = frame.body.value.details[0];
  expect(detail?.type).toBe(LimitExceededSchema.typeName);
  const { limit, outcome } = fromBinary(LimitExceededSchema, detail?.value ?? new Uint8Array(0));
  return { limit, outcome };
}

describe("Channel: how many calls", () => {
  it("refuses one call more than the peer takes, before anything is sent [CALL-4]", () => {
    const peer = new ScriptedPeer({ role: "client" });
    const calls = Array.from({ length: 256 }, () => peer.open().call);
    expect(() => peer.open()).toThrow(expect.objectContaining({ limit: "CALLS", max: 256, actual: 257 }));
    peer.take();
    calls[0]?.cancel();
    expect(() => peer.open()).toThrow(expect.objectContaining({ limit: "CALLS" }));
    peer.take();
    peer.open();
    peer.send(end(3));
    peer.open();
    expect(() => peer.open()).toThrow(expect.objectContaining({ limit: "CALLS" }));
  });

  it("ends a call of the peer above its limit; nobody else hears of it [CALL-4]", () => {
    const peer = new ScriptedPeer({ limits: { maxCalls: 2 } });
    expect(peer.send(open(1), open(3), open(5))).toBeUndefined();
    const [refusal] = peer.take();
    expect([outline([refusal as Frame]), peer.served.length]).toEqual([["5 end 8"], 2]);
    expect(limitOf(refusal)).toEqual({ limit: Limit.CALLS, outcome: CallOutcome.NOT_SENT });
    peer.send(cancel(1), open(7));
    expect(peer.served.length).toBe(3);
  });

  it("has enough of a peer that opens far more calls than its limit, before it can even refuse them [CALL-4, INV-14]", () => {
    const peer = new ScriptedPeer({ limits: { maxCalls: 2 } });
    expect(peer.send(open(1), open(3), open(5), open(7))).toBeUndefined();
    expect(peer.send(open(9))?.kind).toBe("violation");
  });

  it("ends those of the waiting calls that the peer would not take, once it knows [CALL-4]", () => {
    const peer = new ScriptedPeer({ role: "client" });
    peer.channel.detach();
    const opened = [peer.open(), peer.open(), peer.open()];
    peer.channel.setPeerLimits({ initialCreditBytes: 1024, maxMessageBytes: 1000, maxCalls: 2 });
    expect(opened.map(({ heard }) => heard.close?.kind)).toEqual([undefined, undefined, "ended"]);
    expect(opened[2]?.heard.close).toMatchObject({ result: { code: 8 } });
    peer.channel.attach(0);
    expect(peer.outline()).toEqual(["1 open", "3 open"]);
  });

  it("counts a call until its end is numbered, and keeps no place for one that is over [CALL-4, INV-14]", () => {
    const peer = new ScriptedPeer({ limits: { maxCalls: 1 } });
    peer.send(open(1));
    peer.last.end(okResult);
    expect(peer.channel.calls.size).toBe(1);
    peer.take();
    expect(peer.channel.calls.size).toBe(0);
    for (let id = 3; id < 1000; id += 2) expect(peer.send(open(id), cancel(id))).toBeUndefined();
    expect([peer.channel.calls.size, peer.served.length]).toEqual([0, 1]);
  });
});
