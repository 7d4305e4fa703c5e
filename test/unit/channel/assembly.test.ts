import { describe, expect, it } from "vitest";
import { Assembly } from "../../../src/channel/assembly.ts";
import { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import { liveBufferBytes } from "../../support/memory-use.ts";

const KIB = 1024;

describe("Assembly", () => {
  it("is empty without pieces", () => {
    const assembly = new Assembly();
    expect([assembly.bytes, assembly.join()]).toEqual([0, new Uint8Array(0)]);
  });

  it.each([1, 2, 3, 4, 5])("joins pieces of any size in their order, seed %d", (seed) => {
    const random = new SimulatedRandom(seed);
    const assembly = new Assembly();
    const pieces = Array.from({ length: 60 }, () => random.bytes(random.int(random.chance(0.3) ? 20 * KIB : 300)));
    for (const piece of pieces) assembly.add(piece);
    const whole = Buffer.concat(pieces);
    expect(assembly.bytes).toBe(whole.length);
    expect(Buffer.compare(assembly.join(), whole)).toBe(0);
  });

  it("keeps no packet alive for the sake of a small piece, and nothing at all for an empty one [INV-14]", () => {
    const assembly = new Assembly();
    const before = liveBufferBytes();
    for (let i = 0; i < 3_000; i += 1) assembly.add(new Uint8Array(60 * KIB).subarray(0, i % 3));
    expect(liveBufferBytes() - before).toBeLessThan(1000 * KIB);
    expect(assembly.bytes).toBe(3_000);
  });
});
