import { describe, expect, it } from "vitest";
import { allocate } from "../../../src/core/allocate.ts";

describe("allocate", () => {
  it.each([0, 1, 64, 4096, 4097, 65_536])("gives plain bytes of the size, %d of them", (size) => {
    const bytes = allocate(size);
    expect([bytes.length, bytes.constructor]).toEqual([size, Uint8Array]);
  });

  it("never gives the same memory twice", () => {
    const pieces = Array.from({ length: 500 }, (_, i) => allocate(i * 20).fill(i));
    for (const [i, piece] of pieces.entries()) expect(piece.every((byte) => byte === i % 256)).toBe(true);
  });

  it("gives small pieces of the same memory", () => {
    const buffers = new Set(Array.from({ length: 160 }, () => allocate(100).buffer));
    expect(buffers.size).toBeLessThanOrEqual(2);
  });
});
