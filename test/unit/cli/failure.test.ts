import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ChannelLossReason, ChannelLostSchema } from "../../../gen/moorline/session/v1/error_pb.ts";
import { toFailure } from "../../../src/cli/failure.ts";
import { MoorlineError } from "../../../src/wire/moorline-error.ts";
import { nodeError } from "../../../src/wire/node-error.ts";

describe("toFailure", () => {
  it.each([
    ["an error of this side about the way", new MoorlineError("NOT_CONNECTED", "No."), "NOT_CONNECTED", 120],
    ["an error of this side about what was given", nodeError("TOKEN_FILE_UNUSABLE", "No."), "TOKEN_FILE_UNUSABLE", 2],
    ["a storage that fails", new MoorlineError("STORAGE_FAILED", "No."), "STORAGE_FAILED", 2],
    ["a code of the daemon", MoorlineError.fromCloseCode(4500, "No."), "UNAUTHENTICATED", 121],
    ["a code that is not known", MoorlineError.fromCloseCode(4477, "No."), "CLOSE_CODE_UNKNOWN", 121],
    ["a status", new ConnectError("no", Code.ResourceExhausted), "RESOURCE_EXHAUSTED", 121],
    ["a status of something that is not there", new ConnectError("no", Code.NotFound), "NOT_FOUND", 122],
    ["what nobody has thought of", new TypeError("x is not a function"), "UNEXPECTED", 1],
  ])("gives %s its code, its exit code and what to do [CLI-2]", (_, thrown, code, exitCode) => {
    const failure = toFailure(thrown);
    expect(failure).toMatchObject({ code, exitCode });
    expect(failure.action).not.toBe("");
  });

  it("tells a lost channel by its detail [CLI-2]", () => {
    const detail = { desc: ChannelLostSchema, value: { reason: ChannelLossReason.EPOCH_CHANGED } };
    const lost = new ConnectError("gone", Code.Unavailable, undefined, [detail]);
    expect(toFailure(lost)).toMatchObject({
      code: "UNAVAILABLE",
      reason: "CHANNEL_LOSS_REASON_EPOCH_CHANGED",
      exitCode: 123,
    });
  });
});
