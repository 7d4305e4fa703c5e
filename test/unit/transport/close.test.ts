import { describe, expect, it } from "vitest";
import { cutReason, toCloseCode } from "../../../src/transport/close.ts";

describe("toCloseCode", () => {
  it("keeps what a peer may say: 1000 and 3000 to 4999", () => {
    expect([1000, 3000, 4100, 4999].map(toCloseCode)).toEqual([1000, 3000, 4100, 4999]);
  });

  it("says 4100 for everything else", () => {
    const codes = [0, 999, 1001, 1005, 1006, 1015, 2999, 5000, 4000.5, -1, Number.NaN, Number.POSITIVE_INFINITY];
    expect(codes.map(toCloseCode)).toEqual(codes.map(() => 4100));
  });
});

describe("cutReason", () => {
  it("keeps a reason that fits, of whatever characters", () => {
    for (const reason of ["", "bye", "x".repeat(123), "€".repeat(41)]) expect(cutReason(reason)).toBe(reason);
  });

  it("cuts at 123 bytes of UTF-8, before a character that does not fit whole", () => {
    expect(cutReason("x".repeat(200))).toBe("x".repeat(123));
    expect(cutReason("é".repeat(100))).toBe("é".repeat(61));
    expect(cutReason("😀".repeat(40))).toBe("😀".repeat(30));
  });
});
