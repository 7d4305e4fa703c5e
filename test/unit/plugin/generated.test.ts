import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const GEN = fileURLToPath(new URL("../../../gen", import.meta.url));

describe("generated code", () => {
  const files = globSync("**/*.ts", { cwd: GEN });

  it("is there", () => {
    expect(files).toContain("moorline/session/v1/packet_moorline.ts");
  });

  it("leaves the options of generators out, and with them google/protobuf/descriptor.proto", () => {
    const heavy = files.filter((file) => readFileSync(`${GEN}/${file}`, "utf8").includes("google_protobuf_descriptor"));
    expect(heavy).toEqual([]);
  });

  it("says of every file that it is generated", () => {
    const silent = files.filter((file) => !readFileSync(`${GEN}/${file}`, "utf8").includes("// @generated"));
    expect(silent).toEqual([]);
  });
});
