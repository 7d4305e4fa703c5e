import { describe, expect, it } from "vitest";
import { generate, lineOf } from "./support.ts";

const FILE = "acme/v1/why.proto";

const WHY = `syntax = "proto3";
package acme.v1;
import "moorline/schema/v1/options.proto";

// Why it is dark.
enum Why {
  WHY_UNSPECIFIED = 0;
  // It is night.
  WHY_NIGHT = 1 [(moorline.schema.v1.action) = "Wait \\"quietly\\"."];
  // Somebody says why.
  WHY_SAID = 2;
}
// No reasons: nothing is printed for it.
enum Plain {
  PLAIN_UNSPECIFIED = 0;
}
`;

describe("protoc-gen-moorline: what to do about reasons", () => {
  it("prints a table of those that say it", () => {
    const { errors, files } = generate({ [FILE]: WHY });
    expect(errors).toEqual([]);
    expect(files["acme/v1/why_moorline.ts"]).toContain(
      `export const whyActions: { readonly [value: number]: string | undefined } = {
  /** WHY_NIGHT */
  1: "Wait \\"quietly\\".",
};`,
    );
    expect(files["acme/v1/why_moorline.ts"]).not.toContain("Plain");
  });

  it("lists all of them in errors.md", () => {
    expect(generate({ [FILE]: WHY }, "docs").files["errors.md"]).toContain(`## acme.v1.Why

Why it is dark.

| value | meaning | what to do |
|---|---|---|
| \`NIGHT\` | It is night. | Wait "quietly". |
| \`SAID\` | Somebody says why. |  |`);
  });

  it.each([
    ["an empty action", `"Wait \\"quietly\\"."`, `""`, "WHY_NIGHT", "WHY_NIGHT has an empty `action`"],
    [
      "an action of what is not set",
      "WHY_UNSPECIFIED = 0;",
      `WHY_UNSPECIFIED = 0 [(moorline.schema.v1.action) = "None."];`,
      "WHY_UNSPECIFIED",
      "WHY_UNSPECIFIED is not set, and has an `action`",
    ],
  ])("refuses %s", (_, from, to, at, message) => {
    const changed = WHY.replace(from, to);
    const { errors, files } = generate({ [FILE]: changed });
    expect(errors).toEqual([`${FILE}:${lineOf(changed, at)}: ${message}`]);
    expect(files).toEqual({});
  });
});
