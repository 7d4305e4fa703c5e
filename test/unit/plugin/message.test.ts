import { describe, expect, it } from "vitest";
import { generate, lineOf } from "./support.ts";

const PATH = "tide/v1/tide.proto";

function tide(...lines: string[]): { readonly [path: string]: string } {
  return { [PATH]: ['syntax = "proto3";', "package tide.v1;", ...lines].join("\n") };
}

describe("protoc-gen-moorline: the code of messages", () => {
  it("prints what reads and writes each message of the package, and the table of that", () => {
    const protos = tide(
      "message Port { string name = 1; repeated Pier piers = 2; }",
      "message Pier { uint32 depth = 1; }",
    );
    const { files, errors } = generate(protos, "codecs=tide.v1");
    expect(errors).toEqual([]);
    expect(Object.keys(files)).toEqual(["tide/v1/tide_codec.ts"]);
    const code = files["tide/v1/tide_codec.ts"] ?? "";
    for (const name of ["readPort", "writePort", "readPier", "writePier"]) expect(code).toContain(`function ${name}(`);
    expect(code).toContain('"tide.v1.Pier": { read: readPier, write: writePier },');
  });

  it("writes no file for another package", () => {
    expect(generate(tide("message Port { string name = 1; }"), "codecs=other.v1").files).toEqual({});
  });

  it.each([
    ["a float", "float depth = 1;"],
    ["a number over 31", "string name = 32;"],
    ["a map whose keys are no texts", "map<int32, string> names = 1;"],
  ])("refuses %s, which the general codec is for", (_, field) => {
    const protos = tide("message Port {", field, "}");
    const { errors } = generate(protos, "codecs=tide.v1");
    const name = field.split(" ").at(-3)?.replace(/>$/, "");
    expect(errors).toEqual([
      `${PATH}:${lineOf(protos[PATH], field)}: no code can be generated for tide.v1.Port.${name}`,
    ]);
  });
});
