import { describe, expect, it } from "vitest";
import { AskAgain } from "../../../src/cli/ask-again.ts";

describe("AskAgain", () => {
  it("waits longer after each failure, up to a bound, and then for a connection [RETRY-2]", async () => {
    const told: string[] = [];
    const waits: number[] = [];
    const client = { ensureConnected: async () => void told.push("connected") };
    const again = new AskAgain(client, async (ms) => {
      waits.push(ms);
      told.push("waited");
    });
    for (let i = 0; i < 50; i += 1) await again.ready();
    expect(told.slice(0, 4)).toEqual(["waited", "connected", "waited", "connected"]);
    expect(waits[0]).toBeLessThan(250);
    expect(Math.max(...waits)).toBeLessThan(4_000);
    expect(Math.max(...waits)).toBeGreaterThan(1_000);
    again.worked();
    await again.ready();
    expect(waits.at(-1)).toBeLessThan(250);
  });
});
