import { inspect } from "node:util";
import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ClientHelloSchema } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { MoorlineError } from "../../../src/wire/moorline-error.ts";
import { nodeError } from "../../../src/wire/node-error.ts";

describe("MoorlineError", () => {
  it("says its code, what went wrong and what to do, in text and in fields", () => {
    const error = new MoorlineError("DISPOSED", "The client is disposed.");
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: "DISPOSED", text: "The client is disposed.", closeCode: undefined });
    expect(String(error)).toBe(`MoorlineError: [DISPOSED] The client is disposed. ${error.action}`);
    expect(error.action).toContain("Create a new client");
  });

  it("takes what to do from the schema for a close code [SCHEMA-1]", () => {
    expect(new MoorlineError("REVOKED", "No.").action).toBe("Pair this device with the daemon again.");
  });

  it("takes another action, and a cause", () => {
    const cause = new Error("disk is gone");
    const error = new MoorlineError("STORAGE_FAILED", "No.", { action: "Buy a disk.", cause });
    expect(error).toMatchObject({ action: "Buy a disk.", cause });
    expect(error.message).toBe("[STORAGE_FAILED] No. Buy a disk.");
    expect("cause" in new MoorlineError("DISPOSED", "No.")).toBe(false);
  });
});

describe("nodeError", () => {
  it("says what to do about an error that only programs on Node have, or what it is told to say", () => {
    const error = nodeError("PORT_IN_USE", "No.");
    expect(error).toMatchObject({ code: "PORT_IN_USE", action: expect.stringContaining("give another port") });
    expect(nodeError("PORT_IN_USE", "No.", { action: "Wait." }).message).toBe("[PORT_IN_USE] No. Wait.");
  });
});

describe("MoorlineError.fromCloseCode", () => {
  it("has the name of a known code and what the peer said [CLOSE-1]", () => {
    expect(MoorlineError.fromCloseCode(CloseCode.WRONG_SERVER, "I am another one.")).toMatchObject({
      code: "WRONG_SERVER",
      text: "I am another one.",
      closeCode: CloseCode.WRONG_SERVER,
    });
  });

  it.each([4150, 1006, 0, Number.NaN])("keeps the number %d, which this version does not know [VER-2]", (closeCode) => {
    const error = MoorlineError.fromCloseCode(closeCode, "");
    expect(error).toMatchObject({ code: "CLOSE_CODE_UNKNOWN", closeCode });
    expect(error.message).toContain(`${closeCode}`);
  });
});

describe("MoorlineError.from", () => {
  it("gives a MoorlineError back as it is", () => {
    const error = new MoorlineError("DISPOSED", "No.");
    expect(MoorlineError.from(error)).toBe(error);
  });

  it("makes another error the cause of an UNEXPECTED one", () => {
    const cause = new TypeError("x is not a function");
    expect(MoorlineError.from(cause)).toMatchObject({ code: "UNEXPECTED", text: "x is not a function", cause });
  });

  it.each([
    ["a hello", create(ClientHelloSchema, { sessionKey: "s3cretS3cretS3cretS3cret" })],
    ["a key", "s3cretS3cretS3cretS3cret"],
    ["a null", null],
    ["a symbol", Symbol("s3cretS3cretS3cretS3cret")],
    ["nothing", undefined],
  ])("does not keep %s that was thrown, which is no Error [LOG-3]", (_name, thrown) => {
    const error = MoorlineError.from(thrown);
    expect(error).toMatchObject({ code: "UNEXPECTED" });
    expect(inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true })).not.toContain("s3cret");
    expect(JSON.stringify(error)).not.toContain("s3cret");
  });
});
