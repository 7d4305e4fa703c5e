import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parseSessionKey } from "../../../src/wire/session-key.ts";
import { sessionRefOf } from "../../../src/wire/session-ref.ts";
import { vectors } from "./vectors.ts";

describe("sessionRefOf", () => {
  it.each(vectors.session_ref)("is $session_ref for $session_key [KEY-3]", (vector) => {
    expect(sessionRefOf(parseSessionKey(vector.session_key))).toBe(vector.session_ref);
    const hash = createHash("sha256").update(`moorline session ref${vector.session_key}`, "utf8").digest("hex");
    expect(hash.slice(0, 16)).toBe(vector.session_ref);
  });
});
