import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { countBuffer, lastTaken } from "../../../src/core/collector.ts";

/** How much of the young heap was taken last for a buffer of so many bytes. */
function takenFor(bytes: number): number {
  countBuffer(bytes);
  return lastTaken().length;
}

setFlagsFromString("--expose-gc");
const collectAll = runInNewContext("gc") as () => void;
let heard: () => void = () => {};
const registry = new FinalizationRegistry(() => heard());

/** Counts many buffers; then comes a full collection, which is heard of. */
async function collectAfter(mebibytes: number): Promise<void> {
  for (let count = 0; count < mebibytes; count += 1) countBuffer(1024 * 1024);
  const collected = new Promise<void>((resolve) => {
    heard = resolve;
  });
  registry.register({}, undefined);
  // Not in this turn: what was made in it is kept.
  setImmediate(collectAll);
  await collected;
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

  it("takes more where full collections come all the same, at most twice the size of the buffer", async () => {
    const takenAfter = async (mebibytes: number): Promise<number> => {
      await collectAfter(mebibytes);
      return takenFor(10_240);
    };
    expect([await takenAfter(1), await takenAfter(300)]).toEqual([640, 640]);
    await expect.poll(() => takenAfter(32)).toBeGreaterThan(640);
    await expect.poll(() => takenAfter(32)).toBe(2560);
    expect([await takenAfter(32), await takenAfter(32)]).toEqual([2560, 2560]);
  });

  it("takes many pieces, none of them large, for a very large one", () => {
    expect(takenFor(16 * 1024 * 1024)).toBeLessThanOrEqual(8192);
  });
});
