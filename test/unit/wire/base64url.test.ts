import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { base64urlToBytes, bytesToBase64url } from "../../../src/wire/base64url.ts";

describe("base64url", () => {
  it("agrees with Node on any bytes, both ways", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = bytesToBase64url(bytes);
        expect(text).toBe(Buffer.from(bytes).toString("base64url"));
        expect(base64urlToBytes(text)).toEqual(bytes);
      }),
    );
  });

  it("takes exactly the texts that it makes", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."AQgw09-_zé=+/ \n"), maxLength: 12 }), (text) => {
        const bytes = base64urlToBytes(text);
        if (bytes !== undefined) expect(bytesToBase64url(bytes)).toBe(text);
        else expect(Buffer.from(text, "base64url").toString("base64url")).not.toBe(text);
      }),
    );
  });

  it.each(["A", "AA==", "AB", "AAB", "AA\n", "+/AA", " AAAA"])("refuses %j", (text) => {
    expect(base64urlToBytes(text)).toBeUndefined();
  });
});
