import { describe, expect, it } from "vitest";
import { CreditBudget } from "../../../src/channel/credit-window.ts";
import { IncomingHalf } from "../../../src/channel/incoming.ts";
import { channelLimits } from "../../../src/wire/limits.ts";
import { bytesOf } from "../../support/channel-frames.ts";
import { liveBufferBytes } from "../../support/memory-use.ts";

const KIB = 1024;
const WINDOW = 1024;

/** @param growthBytes What the window may grow by. */
function half(limits: Partial<typeof channelLimits> = {}, growthBytes = 0): IncomingHalf {
  return new IncomingHalf({ ...channelLimits, initialCreditBytes: WINDOW, ...limits }, new CreditBudget(growthBytes));
}

describe("IncomingHalf: messages", () => {
  it("gives messages in the order in which they came, then nothing", () => {
    const incoming = half();
    incoming.acceptMessage(bytesOf(1, 1));
    incoming.acceptMessage(bytesOf(2, 2));
    expect([incoming.isEmpty, incoming.heldBytes]).toEqual([false, 3]);
    expect([incoming.read(), incoming.read(), incoming.read()]).toEqual([bytesOf(1, 1), bytesOf(2, 2), undefined]);
    expect([incoming.isEmpty, incoming.heldBytes]).toEqual([true, 0]);
  });

  it("joins parts and the last piece in order [FRAME-3]", () => {
    const incoming = half();
    const whole = bytesOf(300);
    incoming.acceptPart(whole.subarray(0, 100));
    incoming.acceptPart(whole.subarray(100, 100));
    incoming.acceptPart(whole.subarray(100, 250));
    expect([incoming.isEmpty, incoming.hasUnfinished, incoming.heldBytes]).toEqual([true, true, 250]);
    incoming.acceptMessage(whole.subarray(250));
    expect([incoming.hasUnfinished, incoming.heldBytes, incoming.read()]).toEqual([false, 300, whole]);
  });

  it("ends the call over a message above the limit, whole or in parts [CREDIT-7]", () => {
    const limits = { maxMessageBytes: 100 };
    const whole = half(limits).acceptMessage(bytesOf(101));
    expect([whole?.limit, whole?.max, whole?.actual]).toEqual(["MESSAGE_BYTES", 100, 101]);
    const inParts = half(limits);
    expect(inParts.acceptPart(bytesOf(60))).toBeUndefined();
    expect(inParts.acceptPart(bytesOf(41))?.limit).toBe("MESSAGE_BYTES");
    const inLastPiece = half(limits);
    expect(inLastPiece.acceptPart(bytesOf(60))).toBeUndefined();
    expect(inLastPiece.acceptMessage(bytesOf(41))?.limit).toBe("MESSAGE_BYTES");
    expect(half(limits).acceptMessage(bytesOf(100))).toBeUndefined();
  });

  it("forgets the parts of a message that will not end [CALL-10]", () => {
    const incoming = half();
    incoming.acceptPart(bytesOf(100));
    incoming.discardUnfinished();
    expect([incoming.hasUnfinished, incoming.heldBytes]).toEqual([false, 0]);
  });

  it("keeps no packet alive for the sake of small messages that nobody reads [INV-14]", () => {
    const incoming = half({ initialCreditBytes: 256 * KIB });
    const before = liveBufferBytes();
    for (let i = 0; i < 2_000; i += 1) {
      incoming.acceptMessage(new Uint8Array(60 * KIB).fill(i & 255).subarray(0, 5));
      if (i % 10 === 9) incoming.own();
    }
    expect(liveBufferBytes() - before).toBeLessThan(1000 * KIB);
    for (let i = 0; i < 2_000; i += 1) expect(incoming.read()).toEqual(new Uint8Array(5).fill(i & 255));
  });
});

describe("IncomingHalf: credit", () => {
  it("lets the peer send while it has credit, and overdraw it by one frame [CREDIT-3, CREDIT-6]", () => {
    const incoming = half();
    expect(incoming.acceptMessage(bytesOf(WINDOW - 65))).toBeUndefined();
    expect(incoming.acceptMessage(bytesOf(500))).toBeUndefined();
    const overrun = incoming.acceptMessage(bytesOf(0));
    expect([overrun?.limit, overrun?.max]).toEqual(["CREDIT", WINDOW]);
  });

  it("charges 64 bytes for each part and each empty message [CREDIT-2]", () => {
    const parts = half();
    for (let i = 0; i < 16; i += 1) expect(parts.acceptPart(new Uint8Array(0))).toBeUndefined();
    expect(parts.acceptPart(new Uint8Array(0))?.limit).toBe("CREDIT");
    const messages = half();
    for (let i = 0; i < 16; i += 1) expect(messages.acceptMessage(new Uint8Array(0))).toBeUndefined();
    expect(messages.acceptMessage(new Uint8Array(0))?.limit).toBe("CREDIT");
  });

  it("owes credit when a message is read, not when it comes [CREDIT-4]", () => {
    const incoming = half();
    incoming.acceptMessage(bytesOf(500));
    expect([incoming.isCreditDue, incoming.takeCredit(0)]).toEqual([false, 0]);
    incoming.read();
    expect([incoming.isCreditDue, incoming.takeCredit(0)]).toEqual([true, 564]);
    expect(incoming.isCreditDue).toBe(false);
  });

  it("gives credit back when a quarter of the window is owed", () => {
    const incoming = half();
    for (let i = 0; i < 4; i += 1) incoming.acceptMessage(new Uint8Array(0));
    const due: boolean[] = [];
    while (incoming.read() !== undefined) due.push(incoming.isCreditDue);
    expect(due).toEqual([false, false, false, true]);
  });

  it("lets the peer send again once credit was given back [CREDIT-4]", () => {
    const incoming = half();
    incoming.acceptMessage(bytesOf(WINDOW));
    expect(incoming.acceptMessage(bytesOf(0))?.limit).toBe("CREDIT");
    incoming.read();
    incoming.takeCredit(0);
    expect(incoming.acceptMessage(bytesOf(WINDOW))).toBeUndefined();
  });

  it("lets the peer send more where the open asked for it [CREDIT-1]", () => {
    const incoming = half();
    incoming.widen(1000);
    expect(incoming.acceptMessage(bytesOf(WINDOW))).toBeUndefined();
    expect(incoming.acceptMessage(bytesOf(1000))).toBeUndefined();
    expect(incoming.acceptMessage(bytesOf(0))?.limit).toBe("CREDIT");
  });

  it("pays parts back early only while a reader waits and nothing else is queued [CREDIT-5]", () => {
    const incoming = half();
    incoming.acceptPart(bytesOf(100));
    expect(incoming.isStarved).toBe(false);
    incoming.read();
    expect(incoming.isStarved).toBe(true);
    incoming.wakeReader();
    expect(incoming.isStarved).toBe(false);
    const behind = half();
    behind.read();
    behind.acceptMessage(bytesOf(1));
    behind.acceptPart(bytesOf(100));
    expect(behind.isStarved).toBe(false);
  });

  it("does not pay back again what it has paid back early [CREDIT-5]", () => {
    const incoming = half();
    incoming.read();
    incoming.acceptPart(bytesOf(300));
    incoming.prepay();
    incoming.prepay();
    expect(incoming.takeCredit(0)).toBe(364);
    incoming.acceptPart(bytesOf(300));
    incoming.acceptMessage(bytesOf(10));
    expect(incoming.takeCredit(0)).toBe(0);
    incoming.read();
    expect(incoming.takeCredit(0)).toBe(364 + 74);
  });

  it("gives more than was read once the window has grown, and waits for a quarter of what it is then [CREDIT-8]", () => {
    const incoming = half({}, WINDOW);
    incoming.acceptMessage(bytesOf(WINDOW - 64));
    incoming.read();
    expect(incoming.takeCredit(0)).toBe(2 * WINDOW);
    incoming.acceptMessage(bytesOf(WINDOW / 2 - 65));
    incoming.read();
    expect(incoming.isCreditDue).toBe(false);
    incoming.acceptMessage(bytesOf(0));
    incoming.read();
    expect(incoming.isCreditDue).toBe(true);
    expect(incoming.acceptMessage(bytesOf(2 * WINDOW))).toBeUndefined();
    expect(incoming.acceptMessage(bytesOf(0))).toMatchObject({ limit: "CREDIT", max: 2 * WINDOW });
  });

  it("leaves what its window has grown by to others when the call is over [CREDIT-8]", () => {
    const limits = { ...channelLimits, initialCreditBytes: WINDOW };
    const budget = new CreditBudget(WINDOW);
    const [first, second] = [new IncomingHalf(limits, budget), new IncomingHalf(limits, budget)];
    const readWindow = (incoming: IncomingHalf): number => {
      incoming.acceptMessage(bytesOf(WINDOW - 64));
      incoming.read();
      return incoming.takeCredit(0);
    };
    expect([readWindow(first), readWindow(second)]).toEqual([2 * WINDOW, WINDOW]);
    first.release();
    expect(readWindow(second)).toBe(2 * WINDOW);
  });

  it("owes nothing and holds nothing once nobody will read [CALL-10]", () => {
    const incoming = half();
    incoming.acceptMessage(bytesOf(500));
    incoming.acceptMessage(bytesOf(100));
    incoming.read();
    incoming.acceptPart(bytesOf(100));
    incoming.discard();
    expect([incoming.heldBytes, incoming.isEmpty, incoming.hasUnfinished, incoming.takeCredit(0)]).toEqual([
      0,
      true,
      false,
      0,
    ]);
  });
});
