import { createHmac } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Random } from "../../../src/core/random.ts";
import { MoorlineError } from "../../../src/wire/moorline-error.ts";
import { createSessionKey, deriveSessionKey, parseSessionKey } from "../../../src/wire/session-key.ts";
import { vectors } from "./vectors.ts";

const randomOf = (bytes: Uint8Array): Random => ({ unit: () => 0, bytes: () => bytes });

function catchError(run: () => unknown): MoorlineError {
  try {
    run();
  } catch (error) {
    if (error instanceof MoorlineError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("createSessionKey", () => {
  it("makes a key that parseSessionKey accepts, of 32 bytes of chance [KEY-5]", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        fc.pre(bytes.some((byte) => byte !== 0));
        const key = createSessionKey(randomOf(bytes));
        expect(parseSessionKey(key)).toBe(key);
        expect(Buffer.from(key, "base64url")).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it.each([
    ["too few bytes", new Uint8Array(31).fill(1)],
    ["too many bytes", new Uint8Array(33).fill(1)],
    ["zeros only", new Uint8Array(32)],
  ])("makes none up when the source of chance gives %s [KEY-4]", (_name, bytes) => {
    expect(() => createSessionKey(randomOf(bytes))).toThrow(expect.objectContaining({ code: "RANDOM_FAILED" }));
  });
});

describe("parseSessionKey", () => {
  it.each(vectors.session_key_syntax.valid)("takes %s as it is [KEY-5]", (text) => {
    expect(parseSessionKey(text)).toBe(text);
  });

  it.each([undefined, null, ""])("says that a key is missing: %j [KEY-4]", (text) => {
    const error = catchError(() => parseSessionKey(text));
    expect(error).toMatchObject({ code: "SESSION_KEY_MISSING" });
    expect(error.message).toContain("Make it with createSessionKey or loadOrCreateSessionKey");
  });

  const malformed = vectors.session_key_syntax.malformed.filter((text) => text !== "");

  it.each(malformed)("refuses %j and does not repeat it [KEY-4] [KEY-5] [LOG-3]", (text) => {
    const error = catchError(() => parseSessionKey(text));
    expect(error).toMatchObject({ code: "SESSION_KEY_MALFORMED" });
    expect(error.message).toContain("Make it with createSessionKey or loadOrCreateSessionKey");
    expect(inspect(error, { depth: Number.POSITIVE_INFINITY })).not.toContain(text);
  });

  it("refuses what is no text, from callers without types [KEY-4]", () => {
    const error = catchError(() => parseSessionKey(["abcdefghijklmnopqrstuv"] as unknown as string));
    expect(error).toMatchObject({ code: "SESSION_KEY_MALFORMED" });
  });

  it("accepts exactly the pattern, whatever the text [KEY-5]", () => {
    const unit = fc.constantFrom(..."aZ09-_", "=", "é", "\n", " ");
    fc.assert(
      fc.property(fc.string({ unit, minLength: 20, maxLength: 131 }), (text) => {
        const isWellFormed = text.length >= 22 && text.length <= 128 && ![...text].some((c) => "=é\n ".includes(c));
        if (isWellFormed) expect(parseSessionKey(text)).toBe(text);
        else expect(() => parseSessionKey(text)).toThrow(MoorlineError);
      }),
    );
  });
});

describe("deriveSessionKey", () => {
  it.each(vectors.session_key)("gives $session_key [KEY-2]", (vector) => {
    const secret = Buffer.from(vector.install_secret_hex, "hex");
    expect(deriveSessionKey(secret, vector.server_id)).toBe(vector.session_key);
    const hmac = createHmac("sha256", secret).update("moorline session key").update(vector.server_id);
    expect(hmac.digest("base64url")).toBe(vector.session_key);
  });

  const serverId = vectors.server_id[0]?.server_id ?? "";

  it.each([0, 31, 33])("refuses an install secret of %i bytes [KEY-2]", (length) => {
    expect(() => deriveSessionKey(new Uint8Array(length), serverId)).toThrow(
      expect.objectContaining({ code: "INSTALL_SECRET_MALFORMED" }),
    );
  });

  it("refuses what is no server id [KEY-2]", () => {
    expect(() => deriveSessionKey(new Uint8Array(32), "my-daemon")).toThrow(
      expect.objectContaining({ code: "SERVER_ID_MALFORMED" }),
    );
  });
});
