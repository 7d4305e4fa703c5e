import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isProtocolRange, negotiateProtocol, protocolRange } from "../../../src/wire/protocol.ts";

describe("negotiateProtocol", () => {
  it.each([
    [{ min: 1, max: 1 }, { min: 1, max: 1 }, 1],
    [{ min: 1, max: 3 }, { min: 2, max: 5 }, 3],
    [{ min: 2, max: 5 }, { min: 1, max: 3 }, 3],
    [{ min: 3, max: 3 }, { min: 1, max: 9 }, 3],
    [{ min: 2, max: 3 }, { min: 3, max: 4 }, 3],
    [{ min: 1, max: 1 }, { min: 2, max: 2 }, undefined],
    [{ min: 4, max: 9 }, { min: 1, max: 3 }, undefined],
    [{ min: 0, max: 1 }, { min: 1, max: 1 }, undefined],
    [{ min: 2, max: 1 }, { min: 1, max: 2 }, undefined],
  ])("of %j and %j is %s [VER-1]", (client, server, revision) => {
    expect(negotiateProtocol(client, server)).toBe(revision);
  });

  it("chooses the highest revision that both have, and none where there is none [VER-1]", () => {
    const bound = fc.integer({ min: 0, max: 6 });
    const range = fc.record({ min: bound, max: bound });
    const has = (revisions: { min: number; max: number }, n: number): boolean =>
      isProtocolRange(revisions) && n >= revisions.min && n <= revisions.max;
    fc.assert(
      fc.property(range, range, (client, server) => {
        const common = [6, 5, 4, 3, 2, 1].find((n) => has(client, n) && has(server, n));
        expect(negotiateProtocol(client, server)).toBe(common);
      }),
    );
  });
});

describe("isProtocolRange", () => {
  it("takes what this build speaks [HELLO-6]", () => {
    expect(isProtocolRange(protocolRange)).toBe(true);
  });

  it.each([
    { min: 0, max: 1 },
    { min: 2, max: 1 },
    { min: -1, max: 1 },
    { min: 1, max: 1.5 },
    { min: Number.NaN, max: 1 },
    { min: 1, max: Number.POSITIVE_INFINITY },
  ])("refuses %j [HELLO-6]", (range) => {
    expect(isProtocolRange(range)).toBe(false);
  });
});
