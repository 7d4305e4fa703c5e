import { describe, expect, it } from "vitest";
import { Inbox } from "../../../src/channel/inbox.ts";
import { channelLimits } from "../../../src/wire/limits.ts";

const KIB = 1024;

describe("Inbox", () => {
  it("owes nothing where nothing came [CHAN-6]", () => {
    const inbox = new Inbox(channelLimits);
    inbox.forget();
    expect([inbox.received, inbox.isAckDue, inbox.ackDueAtMs]).toEqual([0, false, undefined]);
  });

  it("owes an acknowledgement at once after 32 frames [CHAN-6]", () => {
    const inbox = new Inbox(channelLimits);
    inbox.accept(31, 100, 0);
    expect(inbox.isAckDue).toBe(false);
    inbox.accept(1, 100, 0);
    expect(inbox.isAckDue).toBe(true);
  });

  it("owes an acknowledgement at once after 128 KiB [CHAN-6]", () => {
    const inbox = new Inbox(channelLimits);
    inbox.accept(1, 128 * KIB - 1, 0);
    expect(inbox.isAckDue).toBe(false);
    inbox.accept(1, 1, 0);
    expect(inbox.isAckDue).toBe(true);
  });

  it("owes an acknowledgement 200 ms after the first frame that was not told [CHAN-6]", () => {
    const inbox = new Inbox(channelLimits);
    inbox.accept(1, 10, 1000);
    inbox.accept(1, 10, 1150);
    expect(inbox.ackDueAtMs).toBe(1200);
    inbox.tell();
    expect(inbox.ackDueAtMs).toBeUndefined();
    inbox.accept(1, 10, 5000);
    expect(inbox.ackDueAtMs).toBe(5200);
  });

  it("owes nothing for a packet without a new frame [CHAN-6]", () => {
    const inbox = new Inbox(channelLimits);
    inbox.accept(0, 500 * KIB, 0);
    expect([inbox.isAckDue, inbox.ackDueAtMs]).toEqual([false, undefined]);
  });

  it("tells again at once where the peer may not know what it was told", () => {
    const inbox = new Inbox(channelLimits);
    inbox.accept(3, 10, 0);
    inbox.tell();
    inbox.forget();
    expect([inbox.received, inbox.isAckDue]).toEqual([3, true]);
    inbox.tell();
    expect(inbox.isAckDue).toBe(false);
  });
});
