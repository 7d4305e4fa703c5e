import { describe, expect, it } from "vitest";
import { generate } from "./support.ts";

describe("protoc-gen-moorline: secrets", () => {
  it("prints the full names of all secret fields of all files, in order", () => {
    const head = (name: string): string =>
      `syntax = "proto3";\npackage acme.${name};\nimport "moorline/schema/v1/options.proto";\n`;
    const { files } = generate({
      "acme/b.proto": `${head("b")}message Login {
  string user = 1;
  oneof proof {
    string pass_word = 2 [(moorline.schema.v1.secret) = true];
    string hint = 3 [(moorline.schema.v1.secret) = false];
  }
}`,
      "acme/a.proto": `${head("a")}message Outer {
  message Inner { repeated bytes keys = 1 [(moorline.schema.v1.secret) = true]; }
}`,
    });
    expect(Object.keys(files)).toEqual(["moorline/schema/v1/secrets_moorline.ts"]);
    expect(files["moorline/schema/v1/secrets_moorline.ts"]).toContain(`new Set([
  "acme.a.Outer.Inner.keys",
  "acme.b.Login.pass_word",
]);`);
  });

  it("writes no file where there is nothing to say", () => {
    const plain = `syntax = "proto3";\npackage acme;\nmessage Plain { string name = 1; }`;
    expect(generate({ "acme/plain.proto": plain })).toEqual({ errors: [], files: {} });
    expect(generate({ "acme/plain.proto": plain }, "docs")).toEqual({ errors: [], files: {} });
  });

  it("refuses an option that it does not know", () => {
    expect(() => generate({}, "color=red")).toThrow(/color/);
  });
});
