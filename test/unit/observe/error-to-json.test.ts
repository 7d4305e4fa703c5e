import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { RegisterPushTokenRequestSchema } from "../../../gen/moorline/agent/v1/presence_service_pb.ts";
import { errorToJson } from "../../../src/observe/error-to-json.ts";
import { MoorlineError } from "../../../src/wire/moorline-error.ts";

const SECRET = "s3cret";

describe("errorToJson", () => {
  it("says what an error is: its code, its message, where, and what led to it [LOG-6]", () => {
    const system = Object.assign(new Error("no such file"), { code: "ENOENT" });
    const error = new MoorlineError("STORAGE_FAILED", "The file cannot be read.", { cause: system });
    expect(errorToJson(error)).toEqual({
      name: "MoorlineError",
      code: "STORAGE_FAILED",
      message: error.message,
      stack: error.stack,
      cause: { name: "Error", code: "ENOENT", message: "no such file", stack: system.stack },
    });
    expect(errorToJson(new ConnectError("late", Code.DeadlineExceeded)).code).toBe("DEADLINE_EXCEEDED");
  });

  it("shows details without their secrets, and those that came over the wire by their type [LOG-6, SCHEMA-2]", () => {
    const value = { service: "apns", token: SECRET };
    const error = new ConnectError("no", Code.Internal, { authorization: `Bearer ${SECRET}` }, [
      { desc: RegisterPushTokenRequestSchema, value },
    ]);
    const bytes = toBinary(RegisterPushTokenRequestSchema, create(RegisterPushTokenRequestSchema, value));
    const type = RegisterPushTokenRequestSchema.typeName;
    error.details.push({ type, value: bytes });
    const json = errorToJson(error);
    expect(json.details).toEqual([
      { type, value: { service: "apns", token: "[redacted]" } },
      { type, value: `[${bytes.length} bytes]` },
    ]);
    expect(JSON.stringify(json)).not.toContain(SECRET);
  });

  it("shows no other property, whatever was thrown [LOG-3, LOG-6]", () => {
    const config = { headers: { authorization: `Bearer ${SECRET}` } };
    const thrown = [
      Object.assign(new Error("request failed"), { config, code: `a ${SECRET}` }),
      { ...config, toString: () => SECRET },
      create(RegisterPushTokenRequestSchema, { token: SECRET }),
      new TextEncoder().encode(SECRET),
      new ConnectError("no", Code.Internal, undefined, [
        { desc: RegisterPushTokenRequestSchema, value: { token: 1 } as never },
      ]),
    ];
    for (const value of thrown) expect(JSON.stringify(errorToJson(value))).not.toContain(SECRET);
    expect(errorToJson(undefined)).toEqual({ name: "undefined", message: "something that is no error was thrown" });
  });

  it("has an end: long texts are cut, causes and details are counted [INV-14]", () => {
    const error = new Error("x".repeat(10_000));
    error.cause = error;
    const json = errorToJson(error);
    expect(json.message).toHaveLength(2_001);
    expect(json.stack).toHaveLength(4_001);
    expect(json.cause?.cause?.cause?.cause?.message).toHaveLength(2_001);
    expect(json.cause?.cause?.cause?.cause).not.toHaveProperty("cause");
    const detail = { type: "a.B", value: new Uint8Array(1) };
    const many = new ConnectError("no", Code.Internal);
    many.details.push(...Array.from({ length: 20 }, () => detail));
    expect(errorToJson(many).details).toHaveLength(8);
  });
});
