import { createFileRegistry } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { describeFile } from "../../../src/wire/describe-file.ts";
import { buildProtos } from "./build-protos.ts";
import { flattenFile } from "./flatten-file.ts";
import { loadGenerated } from "./load-generated.ts";

const IMPORTED = `
  syntax = "proto3";
  package acme.v1;
  message Tool { enum Make { MAKE_UNSPECIFIED = 0; MAKE_OWN = 1; } Make make = 1; }
  enum Colour { RED = 0; COLOUR_GREEN = 1; }
`;
const FILE = `
  syntax = "proto3";
  package acme.v1;
  import "imported.proto";
  service BoxService {
    rpc Open(Box) returns (Box.Lid);
    rpc Watch(Box) returns (stream Box) { option idempotency_level = NO_SIDE_EFFECTS; }
    rpc Fill(stream Box) returns (Box);
    rpc Trade(stream Box) returns (stream Tool);
  }
  message Box {
    message Lid { message Hinge { Box box = 1; } repeated Hinge hinges = 1; }
    enum Size { SIZE_UNSPECIFIED = 0; SIZE_XL = 7; }
    enum HTTPKind { option allow_alias = true; H_T_T_P_KIND_NONE = 0; H_T_T_P_KIND_ANY = 0; }
    enum Number { NUMBER_1 = 0; }
    string constructor = 1;
    optional bytes to_string = 2;
    oneof value_of { int64 first = 3; Lid second = 4; Size third = 5; bool to_json = 13; }
    oneof single { string only_1_2 = 6; }
    repeated uint32 packed = 7;
    repeated string texts = 8;
    repeated Size sizes = 9;
    map<string, Lid> lids = 10;
    map<int32, Tool.Make> makes = 11;
    map<bool, bytes> blobs = 12;
    optional Tool tool = 14;
    Colour colour = 15;
    optional Number number = 16;
    HTTPKind kind = 17;
    double weight = 18;
    repeated Tool tools = 19;
    repeated bytes chunks = 20;
    optional int32 maybe = 21;
  }
`;

describe("describeFile", () => {
  it("says the same as the registry of protobuf-es, of all that proto3 can say [SCHEMA-6]", () => {
    const file = buildProtos({ "imported.proto": IMPORTED, "file.proto": FILE }).getFile("file.proto");
    if (file === undefined) throw new Error("no file.proto");
    expect(flattenFile(file).length).toBeGreaterThan(40);
    expect(flattenFile(describeFile(file.proto, file.dependencies))).toEqual(flattenFile(file));
  });

  it("says the same of every generated file [SCHEMA-6]", async () => {
    for (const file of await loadGenerated()) {
      const { proto, dependencies } = file;
      const registry = createFileRegistry(proto, (path) => dependencies.find((each) => each.proto.name === path));
      const other = registry.getFile(proto.name);
      if (other === undefined) throw new Error(`no ${proto.name}`);
      expect(flattenFile(file)).toEqual(flattenFile(other));
    }
  });
});
