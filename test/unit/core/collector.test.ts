import { describe, expect, it } from "vitest";
import { countBuffer, lastTaken } from "../../../src/core/collector.ts";

/** How much of the young heap was taken last for a buffer of so many bytes. */
function takenFor(bytes: number): number {
  countBuffer(bytes);
  return lastTaken().length;
}

describe("countBuffer", () => {
  it("takes something of the young heap for a large buffer, in proportion", () => {
    expect([takenFor(10_240), takenFor(65_536)]).toEqual([640, 4096]);
  });

  it("takes nothing for a small one", () => {
    const before = lastTaken();
    countBuffer(4095);
    expect(lastTaken()).toBe(before);
  });

  it("takes many pieces, none of them large, for a very large one", () => {
    expect(takenFor(16 * 1024 * 1024)).toBeLessThanOrEqual(8192);
  });
});
