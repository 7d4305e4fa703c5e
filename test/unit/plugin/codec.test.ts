import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createRegistry, equals, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryMessage, type Own, toGeneral } from "../wire/envelope-model.ts";
import { generate, lineOf, messageOf } from "./support.ts";

const FILE = "acme/v1/parcel.proto";
const OUTPUT = "acme/v1/parcel_moorline.ts";

const PARCEL = `syntax = "proto3";
package acme.v1;
import "moorline/schema/v1/options.proto";

// What is sent.
message Parcel {
  option (moorline.schema.v1.specialized) = true;
  // Its number.
  uint64 id = 1;
  // What is in it.
  oneof content {
    // Text.
    string text = 2;
    // A list of things.
    Things things = 16;
  }
  // Where it goes.
  Address address = 3;
  optional bool urgent = 4;
}

message Things {
  option (moorline.schema.v1.specialized) = true;
  repeated Thing things = 1;
  repeated Address owners = 2;
}

message Thing {
  option (moorline.schema.v1.specialized) = true;
  bytes data = 1;
  Kind kind = 2;
  uint32 weight = 3;
}

enum Kind {
  KIND_UNSPECIFIED = 0;
  KIND_HEAVY = 1;
}

message Address {
  string city = 1;
}
`;

describe("protoc-gen-moorline: specialised messages", () => {
  const { errors, files } = generate({ [FILE]: PARCEL });
  const text = files[OUTPUT];

  it("prints a shape with numbers, views and discriminated oneofs", () => {
    expect(errors).toEqual([]);
    expect(text?.replaceAll(/^ *(\/\*\*|\*).*\n/gm, "")).toContain(`export interface Parcel {
  readonly id: number;
  readonly content: ParcelContent;
  readonly address: Uint8Array | undefined;
  readonly urgent: boolean | undefined;
  readonly unknown?: readonly UnknownField[] | undefined;
}

export type ParcelContent =
  | { readonly case: "text"; readonly value: string }
  | { readonly case: "things"; readonly value: Things }
  | { readonly case: undefined; readonly value?: undefined };
`);
  });

  it("prints a reader that switches on the number of the field", () => {
    expect(text).toContain(`      case 1:\n        id = r.uint64();\n        break;`);
    expect(text).toContain(`        address = mergeBytes(address, r.view());`);
    expect(text).toContain(
      `        content = { case: "things", value: readThings(r, r.limit(), depth + 1, content.case === "things" ? content.value : emptyThings) };`,
    );
    expect(text).toContain(`        things.push(readThing(r, r.limit(), depth + 1, emptyThing));`);
  });

  it("prints a writer with the fields in the order of their numbers and the tags as bytes", () => {
    const write = text?.slice(text.indexOf("export function writeParcel("));
    const order = ["b[o++] = 8; ", "b[o++] = 18; ", "b[o++] = 26; ", "b[o++] = 32; ", "b[o++] = 130; b[o++] = 1; "];
    const places = order.map((tag) => write?.indexOf(tag) ?? -1);
    expect(places.every((place) => place > 0)).toBe(true);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it("imports the runtime from where the option says", () => {
    expect(text).toContain(`from "../../../src/wire/codec.ts";`);
    const other = generate({ [FILE]: PARCEL }, "runtime=../lib").files[OUTPUT];
    expect(other).toContain(`from "../../../lib/wire/codec.ts";`);
  });

  it.each([
    ["a signed integer", "uint64 id = 1", "int64 id = 1", "id has a type that a specialized message cannot have"],
    ["a fixed integer", "uint64 id = 1", "fixed64 id = 1", "id has a type that a specialized message cannot have"],
    [
      "a repeated scalar",
      "uint64 id = 1",
      "repeated uint64 id = 1",
      "id has a type that a specialized message cannot have",
    ],
    ["a map", "uint64 id = 1", "map<string, string> id = 1", "id has a type that a specialized message cannot have"],
    ["a member named unknown", "uint64 id = 1", "uint64 unknown = 1", "`unknown` is the name of the unknown fields"],
    ["a message in itself", "uint32 weight = 3", "Parcel inner = 3", "Parcel is specialized and contains itself"],
  ])("refuses %s", (_, from, to, message) => {
    const changed = PARCEL.replace(from, to);
    const problems = generate({ [FILE]: changed }).errors;
    const at = message.startsWith("Parcel") ? "message Parcel" : to;
    expect(problems[0]).toBe(`${FILE}:${lineOf(changed, at)}: ${message}`);
  });

  it("refuses a specialised message of another file", () => {
    const other = `syntax = "proto3";\npackage acme.v1;\nimport "moorline/schema/v1/options.proto";
message Box { option (moorline.schema.v1.specialized) = true; }\n`;
    const changed = PARCEL.replace("import", `import "acme/v1/box.proto";\nimport`).replace("uint64 id", "Box id");
    expect(generate({ [FILE]: changed, "acme/v1/box.proto": other }).errors).toEqual([
      `${FILE}:${lineOf(changed, "Box id")}: acme.v1.Box is specialized and must stand in the same file`,
    ]);
  });
});

/** Names that generated functions use themselves, members of a oneof between other fields, tags of two bytes. */
const AWKWARD = `syntax = "proto3";
package acme.v1;
import "moorline/schema/v1/options.proto";
message Awkward {
  option (moorline.schema.v1.specialized) = true;
  uint64 end = 1;
  oneof tag {
    string unknown = 2;
    Opaque r = 4;
    bool function = 6;
    Inner base = 5000;
  }
  bool depth = 3;
  oneof case {
    bytes value = 5;
    uint32 size = 18;
  }
  Kind o = 17;
  Opaque b = 19;
  repeated Opaque m = 20;
  repeated Inner i = 21;
  Inner class = 22;
  optional bool constructor = 23;
  optional Kind new = 24;
  optional uint64 default = 25;
  message Inner {
    option (moorline.schema.v1.specialized) = true;
    optional string text = 1;
    Deeper deeper = 2;
    message Deeper {
      option (moorline.schema.v1.specialized) = true;
      optional bytes data = 1;
      oneof either {
        Opaque left = 2;
        Kind right = 3;
      }
    }
  }
  enum Kind {
    KIND_UNSPECIFIED = 0;
    KIND_ONE = 1;
  }
}
message Opaque {
  string name = 1;
}
`;

describe("protoc-gen-moorline: a specialised codec with awkward names", () => {
  it("agrees with the general codec", async () => {
    const protos = { "acme/v1/awkward.proto": AWKWARD };
    const desc = messageOf(protos, "acme.v1.Awkward");
    const { decodeAwkward, encodeAwkward } = await load(protos, "acme/v1/awkward_moorline.ts");
    const options = { registry: createRegistry(), unknown: true };
    fc.assert(
      fc.property(arbitraryMessage(desc), arbitraryMessage(desc), (first, second) => {
        const one = toBinary(desc, first);
        expect(encodeAwkward(decodeAwkward(one))).toEqual(one);
        const both = Uint8Array.from([...one, ...toBinary(desc, second)]);
        const mapped = toGeneral(desc, decodeAwkward(both));
        if (!equals(desc, mapped, fromBinary(desc, both), options)) expect(mapped).toEqual(fromBinary(desc, both));
      }),
      { numRuns: 500 },
    );
  });
});

interface AwkwardModule {
  decodeAwkward(bytes: Uint8Array): Own;
  encodeAwkward(own: Own): Uint8Array;
}

/** Generates code into a folder of its own and loads it. */
async function load(protos: { [path: string]: string }, name: string): Promise<AwkwardModule> {
  const folder = mkdtempSync(join(tmpdir(), "moorline-codec-"));
  try {
    const src = relative(folder, fileURLToPath(new URL("../../../src", import.meta.url)));
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, generate(protos, `runtime=${src}`).files[name] ?? "");
    return (await import(pathToFileURL(file).href)) as AwkwardModule;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
