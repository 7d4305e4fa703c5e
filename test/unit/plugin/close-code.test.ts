import { describe, expect, it } from "vitest";
import { generate, lineOf } from "./support.ts";

const FILE = "acme/v1/code.proto";

const CODES = `syntax = "proto3";
package acme.v1;
import "moorline/schema/v1/options.proto";

// Why it ended.
enum ExitCode {
  EXIT_CODE_UNSPECIFIED = 0;
  // Something broke.
  EXIT_CODE_BROKEN = 4001 [
    (moorline.schema.v1.retry) = RETRY_VERDICT_NOW,
    (moorline.schema.v1.grpc_status) = 14,
    (moorline.schema.v1.action) = "Nothing."
  ];
  // Not you.
  EXIT_CODE_REFUSED = 4500 [
    (moorline.schema.v1.retry) = RETRY_VERDICT_ASK_USER,
    (moorline.schema.v1.rejection) = true,
    (moorline.schema.v1.action) = "Say \\"please\\"."
  ];
}
`;

describe("protoc-gen-moorline: close codes", () => {
  it("prints the tables of the codes", () => {
    const { errors, files } = generate({ [FILE]: CODES });
    expect(errors).toEqual([]);
    const text = files["acme/v1/code_moorline.ts"];
    expect(text).toContain(`import { RetryVerdict } from "../../moorline/schema/v1/options_pb.ts";`);
    expect(text).toContain(`export type ExitCodeName =\n  | "BROKEN"\n  | "REFUSED";`);
    expect(text).toContain(`export const exitCodeActions: Readonly<Record<ExitCodeName, string>> = {
  BROKEN: "Nothing.",
  REFUSED: "Say \\"please\\".",
};`);
    expect(text).toContain(`export const exitCodeStatuses: Readonly<Record<ExitCodeName, number>> = {
  BROKEN: 14,
  REFUSED: 13,
};`);
  });

  it("prints the ranges of the verdicts, which the options alone say", () => {
    const text = generate({ [FILE]: CODES }).files["acme/v1/code_moorline.ts"];
    expect(text).toContain(`  { first: 4000, last: 4099, verdict: RetryVerdict.NOW },\n`);
    expect(text).toContain(`  { first: 4500, last: 4599, verdict: RetryVerdict.ASK_USER },\n];`);
  });

  it.each([
    [
      "a verdict of another range",
      "RETRY_VERDICT_NOW",
      "RETRY_VERDICT_STOP",
      "EXIT_CODE_BROKEN is in the range of RETRY_VERDICT_NOW, but `retry` differs",
    ],
    [
      "no verdict",
      "(moorline.schema.v1.retry) = RETRY_VERDICT_NOW,",
      "",
      "EXIT_CODE_BROKEN is in the range of RETRY_VERDICT_NOW, but `retry` differs",
    ],
    ["a number in no range", "4001", "3999", "EXIT_CODE_BROKEN is in no range of a verdict"],
    ["an empty action", `"Nothing."`, `""`, "EXIT_CODE_BROKEN has no `action`"],
    ["a gRPC status that is no error", "= 14", "= 17", "EXIT_CODE_BROKEN has no gRPC status of an error"],
  ])("refuses %s", (_, from, to, message) => {
    const changed = CODES.replace(from, to);
    const { errors, files } = generate({ [FILE]: changed });
    expect(errors).toEqual([`${FILE}:${lineOf(changed, "EXIT_CODE_BROKEN")}: ${message}`]);
    expect(files).toEqual({});
  });

  it("refuses ranges that overlap or end before they begin", () => {
    const path = "moorline/schema/v1/options.proto";
    const range = (verdict: string, first: number, last: number, number: number): string =>
      `  RETRY_VERDICT_${verdict} = ${number} [(range) = {first: ${first}, last: ${last}}];\n`;
    const options = `syntax = "proto3";
package moorline.schema.v1;
import "google/protobuf/descriptor.proto";
extend google.protobuf.EnumValueOptions {
  RetryVerdict retry = 51011;
  CodeRange range = 51013;
  string action = 51016;
}
message CodeRange {
  uint32 first = 1;
  uint32 last = 2;
}
enum RetryVerdict {
  RETRY_VERDICT_UNSPECIFIED = 0;
${range("NOW", 4000, 4100, 1)}${range("BACKOFF", 4100, 4199, 2)}${range("STOP", 4499, 4400, 3)}}
`;
    const codes = `syntax = "proto3";
package acme.v1;
import "moorline/schema/v1/options.proto";
enum ExitCode {
  EXIT_CODE_UNSPECIFIED = 0;
  EXIT_CODE_BROKEN = 4001 [(moorline.schema.v1.retry) = RETRY_VERDICT_NOW, (moorline.schema.v1.action) = "None."];
}
`;
    expect(generate({ [path]: options, [FILE]: codes }).errors).toEqual([
      `${path}:${lineOf(options, "BACKOFF")}: the ranges of RETRY_VERDICT_NOW and RETRY_VERDICT_BACKOFF overlap`,
      `${path}:${lineOf(options, "STOP")}: the range of RETRY_VERDICT_STOP ends before it begins`,
    ]);
  });
});
