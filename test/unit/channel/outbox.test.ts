import { describe, expect, it } from "vitest";
import { Outbox } from "../../../src/channel/outbox.ts";

/** An outbox with frames of 10, 11, 12, … bytes, each its number in every byte. */
function filled(count: number): Outbox {
  const outbox = new Outbox();
  for (let no = 1; no <= count; no += 1) outbox.number(new Uint8Array(9 + no).fill(no), 0, 9 + no);
  return outbox;
}

/** The numbers of the frames that are taken to be sent again. */
function replayed(outbox: Outbox, maxBytes = 1000): number[] {
  const numbers: number[] = [];
  for (let next = outbox.takeReplay(maxBytes); next !== undefined; next = outbox.takeReplay(maxBytes)) {
    expect(next.first).toBe(next.frames[0]?.[0]);
    numbers.push(...next.frames.map((bytes) => bytes[0] ?? 0));
  }
  return numbers;
}

describe("Outbox", () => {
  it("numbers frames from 1 and counts what it holds [CHAN-1]", () => {
    const outbox = filled(3);
    expect([outbox.sent, outbox.acknowledged, outbox.heldBytes]).toEqual([3, 0, 33]);
  });

  it("keeps only the frame, not the packet around it", () => {
    const outbox = new Outbox();
    outbox.number(Uint8Array.of(9, 9, 1, 2, 3, 9), 2, 5);
    outbox.rewind();
    expect(outbox.takeReplay(1000)?.frames).toEqual([Uint8Array.of(1, 2, 3)]);
    expect(outbox.heldBytes).toBe(3);
  });

  it("forgets what is acknowledged and keeps the rest for replay [CHAN-7]", () => {
    const outbox = filled(5);
    expect(outbox.acknowledge(2)).toBe(true);
    expect([outbox.sent, outbox.acknowledged, outbox.heldBytes]).toEqual([5, 2, 12 + 13 + 14]);
    outbox.rewind();
    expect(replayed(outbox)).toEqual([3, 4, 5]);
  });

  it("takes no notice of an acknowledgement below one that it has seen [CHAN-7, RESUME-8]", () => {
    const outbox = filled(5);
    outbox.acknowledge(4);
    expect(outbox.acknowledge(1)).toBe(true);
    expect(outbox.acknowledged).toBe(4);
    outbox.rewind();
    expect(replayed(outbox)).toEqual([5]);
  });

  it("refuses the acknowledgement of what was never sent, and stays as it was [CHAN-8]", () => {
    const outbox = filled(2);
    expect(outbox.acknowledge(3)).toBe(false);
    expect([outbox.sent, outbox.acknowledged]).toEqual([2, 0]);
  });

  it("sends nothing again on the connection that carried it", () => {
    const outbox = filled(2);
    expect(outbox.hasReplay).toBe(false);
    expect(outbox.takeReplay(1000)).toBeUndefined();
  });

  it("sends again from the first frame that is not acknowledged, on every new connection [RESUME-3]", () => {
    const outbox = filled(4);
    outbox.acknowledge(1);
    outbox.rewind();
    expect(replayed(outbox)).toEqual([2, 3, 4]);
    outbox.rewind();
    expect(replayed(outbox)).toEqual([2, 3, 4]);
  });

  it("skips what is acknowledged while it is being sent again", () => {
    const outbox = filled(6);
    outbox.rewind();
    expect(outbox.takeReplay(25)?.frames.length).toBe(2);
    outbox.acknowledge(4);
    expect(replayed(outbox)).toEqual([5, 6]);
  });

  it("gives at most the bytes it was asked for, tags included, but at least one frame", () => {
    const outbox = filled(4);
    outbox.rewind();
    expect(outbox.takeReplay(11 + 12)?.frames.length).toBe(2);
    expect(outbox.takeReplay(1)?.frames.length).toBe(1);
    expect(outbox.takeReplay(13)?.frames.length).toBe(1);
    expect(outbox.hasReplay).toBe(false);
  });

  it("holds nothing once it is cleared, and still knows how much was sent", () => {
    const outbox = filled(4);
    outbox.clear();
    outbox.rewind();
    expect([outbox.sent, outbox.heldBytes, outbox.hasReplay]).toEqual([4, 0, false]);
  });
});
