import { describe, expect, it } from "vitest";
import { createCallOpen, type Frame, sizeFrame } from "../../../gen/moorline/session/v1/packet_moorline.ts";
import { okResult } from "../../../src/channel/frames.ts";
import { OutgoingHalf } from "../../../src/channel/outgoing.ts";
import { channelLimits } from "../../../src/wire/limits.ts";
import { bytesOf, outline } from "../../support/channel-frames.ts";

const KIB = 1024;
const ROOM = 60 * KIB;
const opening = createCallOpen({ method: "test.Service/Method" });

function half(credit: number = channelLimits.initialCreditBytes): OutgoingHalf {
  return new OutgoingHalf(channelLimits, credit);
}

/** Every frame that may go, each with a whole packet to itself. */
function takeAll(outgoing: OutgoingHalf, nowMs = 0): Frame[] {
  const frames: Frame[] = [];
  for (let next = outgoing.takeFrame(1, ROOM, nowMs); next !== undefined; next = outgoing.takeFrame(1, ROOM, nowMs)) {
    frames.push(next);
  }
  return frames;
}

/** The payloads of messages and parts, joined. */
function payloadOf(frames: readonly Frame[]): Buffer {
  const pieces = frames.map(({ body }) => (body.case === "message" || body.case === "part" ? body.value : Buffer.of()));
  return Buffer.concat(pieces);
}

describe("OutgoingHalf: frames", () => {
  it("sends a message that fits in one frame, the end of the half with the last one [CALL-6]", () => {
    const outgoing = half();
    outgoing.open(opening, undefined, false);
    outgoing.send(bytesOf(5), false);
    outgoing.send(bytesOf(0), true);
    expect(outline(takeAll(outgoing))).toEqual(["1 open", "1 message 5", "1 message 0 last"]);
  });

  it("sends half_close behind what is queued, at no credit [CALL-6]", () => {
    const outgoing = half(100);
    outgoing.send(bytesOf(200), false);
    outgoing.halfClose();
    expect(outline(takeAll(outgoing))).toEqual(["1 message 200", "1 halfClose"]);
  });

  it("cuts a message that does not fit one frame into parts and a last message, none over 32 KiB [FRAME-1, FRAME-3]", () => {
    const outgoing = half();
    const whole = bytesOf(100 * KIB);
    outgoing.send(whole, true);
    const frames = takeAll(outgoing);
    expect(frames.map(({ body }) => body.case)).toEqual(["part", "part", "part", "message"]);
    expect(frames.map(({ last }) => last)).toEqual([false, false, false, true]);
    for (const frame of frames) expect(sizeFrame({ ...frame, callId: 2 ** 53 - 1 })).toBeLessThanOrEqual(32 * KIB);
    expect(Buffer.compare(payloadOf(frames), whole)).toBe(0);
  });

  it.each([32_700, 32_735, 32_736, 32_737, 32_768, 65_472, 65_473])(
    "keeps to 32 KiB with a message of %d bytes [FRAME-1]",
    (length) => {
      const outgoing = half();
      outgoing.send(bytesOf(length), false);
      const frames = takeAll(outgoing);
      for (const frame of frames) expect(sizeFrame({ ...frame, callId: 2 ** 53 - 1 })).toBeLessThanOrEqual(32 * KIB);
      expect(payloadOf(frames).length).toBe(length);
      expect(frames.at(-1)?.body.case).toBe("message");
    },
  );

  it("leaves a frame that does not fit the rest of a packet to the next one", () => {
    const outgoing = half();
    outgoing.send(bytesOf(5 * KIB), false);
    expect(outgoing.takeFrame(1, 5 * KIB, 0)).toBeUndefined();
    expect(outgoing.takeFrame(1, 6 * KIB, 0)?.body.case).toBe("message");
  });

  it("fills the rest of a packet with a part, but with no tiny one", () => {
    const outgoing = half();
    outgoing.send(bytesOf(40 * KIB), false);
    expect(outgoing.takeFrame(1, 2 * KIB, 0)).toBeUndefined();
    const piece = outgoing.takeFrame(1, 10 * KIB, 0);
    expect(piece?.body.case).toBe("part");
    expect(sizeFrame(piece as Frame)).toBeLessThanOrEqual(10 * KIB);
  });

  it("tells what is left of the deadline when the open goes, never less than nothing [DEADLINE-1]", () => {
    const taken = [1_000, 60_000].map((nowMs) => {
      const outgoing = half();
      outgoing.open(opening, 50_000, true);
      const body = takeAll(outgoing, nowMs)[0]?.body;
      return body?.case === "open" ? body.value.timeoutMs : undefined;
    });
    expect(taken).toEqual([49_000, 0]);
  });
});

describe("OutgoingHalf: credit", () => {
  it("costs a message its bytes and 64 more; a frame may go while the credit is above 0 [CREDIT-2, CREDIT-3]", () => {
    const outgoing = half(200);
    outgoing.send(bytesOf(100), false);
    outgoing.send(bytesOf(1000), false);
    outgoing.send(bytesOf(1), false);
    expect(outline(takeAll(outgoing))).toEqual(["1 message 100", "1 message 1000"]);
    outgoing.addCredit(164 + 1064 - 200);
    expect(outgoing.isSendable).toBe(false);
    outgoing.addCredit(1);
    expect(outline(takeAll(outgoing))).toEqual(["1 message 1"]);
  });

  it("stops an endless stream of empty messages [CREDIT-2]", () => {
    const outgoing = half(1024);
    for (let i = 0; i < 100; i += 1) outgoing.send(new Uint8Array(0), false);
    expect(takeAll(outgoing).length).toBe(16);
  });

  it("costs each part 64 bytes more [CREDIT-2]", () => {
    const outgoing = half(70 * KIB);
    outgoing.send(bytesOf(64 * KIB), false);
    outgoing.send(bytesOf(1), false);
    expect(takeAll(outgoing).length).toBe(3 + 1);
    const spent = 64 * KIB + 3 * 64 + 1 + 64;
    outgoing.addCredit(spent - 70 * KIB);
    expect(outgoing.isWritable).toBe(false);
    outgoing.addCredit(1);
    expect([outgoing.isWritable, outgoing.queuedBytes]).toEqual([true, 0]);
  });

  it("costs the message inside open and end the same, and nothing else [CREDIT-2]", () => {
    const caller = half(1);
    caller.open({ ...opening, message: bytesOf(10) }, undefined, false);
    caller.send(bytesOf(1), false);
    expect(outline(takeAll(caller))).toEqual(["1 open 10"]);
    const callee = half(64);
    callee.sendHeaders([{ name: "a", value: "b" }]);
    callee.send(bytesOf(0), false);
    callee.end({ ...okResult, lastMessage: bytesOf(3) });
    expect(outline(takeAll(callee))).toEqual(["1 headers", "1 message 0"]);
    callee.addCredit(1);
    expect(outline(takeAll(callee))).toEqual(["1 end 0 3"]);
  });

  it("counts what is queued against what may be queued", () => {
    const outgoing = half(200);
    expect(outgoing.isWritable).toBe(true);
    outgoing.send(bytesOf(136), false);
    expect([outgoing.isWritable, outgoing.queuedBytes]).toEqual([false, 200]);
    takeAll(outgoing);
    expect([outgoing.isWritable, outgoing.queuedBytes]).toEqual([false, 0]);
    outgoing.addCredit(1);
    expect(outgoing.isWritable).toBe(true);
  });

  it("takes credit without end for no limit", () => {
    const outgoing = half(1);
    for (let i = 0; i < 4; i += 1) outgoing.addCredit(Number.MAX_SAFE_INTEGER);
    for (let i = 0; i < 1000; i += 1) outgoing.send(bytesOf(1000), false);
    expect(takeAll(outgoing).length).toBe(1000);
  });
});

describe("OutgoingHalf: ends", () => {
  it("sends the end behind every message and part of its call, success and failure alike [CALL-9]", () => {
    for (const code of [0, 13]) {
      const outgoing = half();
      outgoing.send(bytesOf(40 * KIB), false);
      outgoing.send(bytesOf(1), false);
      outgoing.end({ ...okResult, code });
      expect(outgoing.isEndSendable).toBe(false);
      expect(outline(takeAll(outgoing)).slice(2)).toEqual(["1 message 1", `1 end ${code}`]);
    }
  });

  it("holds the end back while its messages have no credit [CALL-9]", () => {
    const outgoing = half(1);
    outgoing.send(bytesOf(1), false);
    outgoing.send(bytesOf(2), false);
    outgoing.end(okResult);
    expect(outline(takeAll(outgoing))).toEqual(["1 message 1"]);
    expect(outgoing.isEndSendable).toBe(false);
    outgoing.addCredit(1000);
    expect(outline(takeAll(outgoing))).toEqual(["1 message 2", "1 end 0"]);
  });

  it("sends the last message inside the end where it fits, else before it [CALL-5]", () => {
    const fitting = half();
    fitting.end({ ...okResult, lastMessage: bytesOf(32_000) });
    expect(outline(takeAll(fitting))).toEqual(["1 end 0 32000"]);
    const large = half();
    large.end({ ...okResult, lastMessage: bytesOf(32_768) });
    expect(outline(takeAll(large)).slice(1)).toEqual(["1 message 32", "1 end 0"]);
  });

  it("tells an empty last message from none [CALL-5]", () => {
    const outgoing = half();
    outgoing.end({ ...okResult, lastMessage: new Uint8Array(0) });
    expect(outline(takeAll(outgoing))).toEqual(["1 end 0 0"]);
  });

  it("has nothing left once it is discarded, a message half gone included [CALL-10]", () => {
    const outgoing = half();
    outgoing.send(bytesOf(100 * KIB), false);
    outgoing.takeFrame(1, ROOM, 0);
    outgoing.end(okResult);
    outgoing.discard();
    expect([takeAll(outgoing).length, outgoing.isSendable, outgoing.isEndSendable]).toEqual([0, false, false]);
  });
});
