import { describe, expect, it } from "vitest";
import { refOfKey } from "../../../src/server/hashes.ts";
import { parseSessionKey } from "../../../src/wire/session-key.ts";
import { sessionRefOf } from "../../../src/wire/session-ref.ts";

describe("refOfKey", () => {
  it.each(["abcdefghijklmnopqrstuv", "A".repeat(128), "-_0123456789-_abcdefghijXYZ"])(
    "is the session ref that everybody else computes, for %s [KEY-3]",
    (text) => expect(refOfKey(parseSessionKey(text))).toBe(sessionRefOf(parseSessionKey(text))),
  );
});
