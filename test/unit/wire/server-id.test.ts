import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parseServerId, serverIdOf } from "../../../src/wire/server-id.ts";
import { vectors } from "./vectors.ts";

describe("serverIdOf", () => {
  it.each(vectors.server_id)("is the hash of the identity key $public_key_hex [KEY-1]", (vector) => {
    const publicKey = Buffer.from(vector.public_key_hex, "hex");
    expect(serverIdOf(publicKey)).toBe(vector.server_id);
    expect(createHash("sha256").update(publicKey).digest("base64url")).toBe(vector.server_id);
    expect(vector.server_id).toHaveLength(43);
  });

  it.each([0, 31, 33, 64])("refuses a key of %i bytes", (length) => {
    expect(() => serverIdOf(new Uint8Array(length))).toThrow(
      expect.objectContaining({ code: "IDENTITY_KEY_MALFORMED", action: expect.stringContaining("32 bytes") }),
    );
  });
});

describe("parseServerId", () => {
  const [{ server_id: id } = { server_id: "" }] = vectors.server_id;

  it.each(vectors.server_id)("takes $server_id as it is [KEY-1]", (vector) => {
    expect(parseServerId(vector.server_id)).toBe(vector.server_id);
  });

  it.each([
    ["nothing", ""],
    ["a character too few", id.slice(1)],
    ["a character too many", `${id}A`],
    ["a padded one", `${id}=`],
    ["a line feed", `${id}\n`],
    ["another alphabet", `+${id.slice(1)}`],
    ["bits that are left over", `${id.slice(0, -1)}1`],
  ])("refuses %s [KEY-1]", (_name, text) => {
    expect(() => parseServerId(text)).toThrow(expect.objectContaining({ code: "SERVER_ID_MALFORMED" }));
  });

  it("refuses what is no text, from callers without types", () => {
    expect(() => parseServerId(undefined as unknown as string)).toThrow(
      expect.objectContaining({ code: "SERVER_ID_MALFORMED" }),
    );
  });
});
