import { describe, expect, it } from "vitest";
import { Outbox } from "../../../src/channel/outbox.ts";

/** Packets of some frames each, all of 10 bytes with their tag and length: each its number in every byte of its body. */
function filled(...counts: number[]): Outbox {
  const outbox = new Outbox();
  for (const count of counts) {
    const frames = Array.from({ length: count }, (_, i) => [
      0x12,
      8,
      ...new Array<number>(8).fill(outbox.sent + i + 1),
    ]);
    // What a packet has before its frames is none of the outbox's business.
    outbox.number(Uint8Array.from([0x08, 1, ...frames.flat()]), 2, count);
  }
  return outbox;
}

/** The numbers of the next frames that are to be sent again, in one packet. */
function takeReplay(outbox: Outbox, maxBytes = 1000): number[] {
  const replay = outbox.takeReplay(maxBytes);
  if (replay === undefined) return [];
  const bytes = Buffer.concat(replay.pieces);
  expect(bytes.length).toBe(replay.size);
  const numbers = Array.from({ length: bytes.length / 10 }, (_, i) => bytes[10 * i + 2] ?? 0);
  expect(replay.first).toBe(numbers[0]);
  return numbers;
}

describe("Outbox", () => {
  it("numbers frames from 1 and counts what it holds [CHAN-1]", () => {
    const outbox = filled(2, 1);
    expect([outbox.sent, outbox.acknowledged, outbox.heldBytes]).toEqual([3, 0, 30]);
  });

  it("forgets what is acknowledged and keeps the rest for replay [CHAN-7]", () => {
    const outbox = filled(1, 1, 3);
    expect(outbox.acknowledge(2)).toBe(true);
    expect([outbox.sent, outbox.acknowledged, outbox.heldBytes]).toEqual([5, 2, 30]);
    outbox.rewind();
    expect(takeReplay(outbox)).toEqual([3, 4, 5]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7])("finds its place in the midst of packets, after %d frames [CHAN-7]", (received) => {
    const outbox = filled(3, 1, 4);
    outbox.acknowledge(received);
    expect([outbox.sent, outbox.acknowledged, outbox.heldBytes]).toEqual([8, received, 10 * (8 - received)]);
    outbox.acknowledge(received);
    outbox.rewind();
    expect(takeReplay(outbox)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].slice(received));
    outbox.acknowledge(8);
    expect(outbox.heldBytes).toBe(0);
  });

  it("takes no notice of an acknowledgement below one that it has seen [CHAN-7, RESUME-8]", () => {
    const outbox = filled(2, 3);
    outbox.acknowledge(4);
    expect(outbox.acknowledge(1)).toBe(true);
    expect(outbox.acknowledged).toBe(4);
    outbox.rewind();
    expect(takeReplay(outbox)).toEqual([5]);
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
    const outbox = filled(1, 2, 1);
    outbox.acknowledge(1);
    outbox.rewind();
    expect(takeReplay(outbox)).toEqual([2, 3, 4]);
    outbox.rewind();
    expect(takeReplay(outbox)).toEqual([2, 3, 4]);
    expect(outbox.replayed).toBe(6);
  });

  it("skips what is acknowledged while it is being sent again", () => {
    const outbox = filled(2, 1, 3);
    outbox.rewind();
    expect(takeReplay(outbox, 20)).toEqual([1, 2]);
    outbox.acknowledge(4);
    expect(takeReplay(outbox)).toEqual([5, 6]);
    expect(takeReplay(outbox)).toEqual([]);
  });

  it("numbers on while it knows what was sent again", () => {
    const outbox = filled(2);
    outbox.rewind();
    expect(takeReplay(outbox)).toEqual([1, 2]);
    outbox.number(Uint8Array.of(0x12, 1, 3), 0, 1);
    expect([outbox.sent, outbox.hasReplay]).toEqual([3, false]);
  });

  it("gives at most the bytes it was asked for, tags included, but at least the frames of one packet", () => {
    const outbox = filled(1, 1, 2, 1);
    outbox.rewind();
    expect(takeReplay(outbox, 20)).toEqual([1, 2]);
    expect(takeReplay(outbox, 1)).toEqual([3, 4]);
    expect(takeReplay(outbox, 29)).toEqual([5]);
    expect(outbox.hasReplay).toBe(false);
  });

  it("holds nothing once it is cleared, and still knows how much was sent", () => {
    const outbox = filled(3, 1);
    outbox.clear();
    outbox.rewind();
    expect([outbox.sent, outbox.heldBytes, outbox.hasReplay]).toEqual([4, 0, false]);
  });
});
