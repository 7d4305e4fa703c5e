import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { create, createFileRegistry, type DescFile, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_duration,
  file_google_protobuf_timestamp,
  TimestampSchema,
  timestampFromMs,
} from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printDescriptor } from "../../../plugin/es/print-descriptor.ts";
import * as descriptor from "../../../src/wire/descriptor.ts";
import { timestampOf } from "../../../src/wire/timestamp.ts";
import { flattenFile } from "./flatten-file.ts";
import { loadGenerated } from "./load-generated.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** Every file of the schema, compiled by buf, by its path. */
function compileSchema(): ReadonlyMap<string, DescFile> {
  const buf = `${ROOT}/node_modules/@bufbuild/buf/bin/buf`;
  const args = [buf, "build", `${ROOT}/proto`, "--as-file-descriptor-set", "-o", "-#format=binpb"];
  const bytes = execFileSync(process.execPath, args, { maxBuffer: 16 * 1024 * 1024 });
  const { files } = createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes));
  return new Map([...files].map((file) => [file.proto.name, file]));
}

/** What a file says of its types, for comparison. */
function describeTypes(file: DescFile): Array<Readonly<Record<string, unknown>>> {
  return flattenFile(file).filter(({ kind }) => kind !== "file");
}

describe("descriptors as text", () => {
  it("say the same of every file of the schema as the compiler does", async () => {
    const compiled = compileSchema();
    const generated = await loadGenerated();
    expect(generated.length).toBeGreaterThan(25);
    for (const file of generated) {
      const original = compiled.get(file.proto.name);
      if (original === undefined) throw new Error(`no ${file.proto.name}`);
      const isOption = (name: unknown) => /schema\.v1\.(?!RetryVerdict)/.test(String(name));
      const expected = describeTypes(original).filter(({ typeName, parent }) => !isOption(typeName ?? parent));
      expect(describeTypes(file)).toEqual(expected);
    }
  });

  it("can be encoded as descriptors, for reflection", async () => {
    for (const { proto, dependencies } of await loadGenerated()) {
      const copy = fromBinary(FileDescriptorProtoSchema, toBinary(FileDescriptorProtoSchema, proto));
      const registry = createFileRegistry(copy, (path) => dependencies.find((file) => file.proto.name === path));
      const again = registry.getFile(proto.name);
      expect(again && describeTypes(again)).toEqual(describeTypes(await fileOf(proto.name)));
    }
  });

  it("are the same for google/protobuf/timestamp.proto and duration.proto as in protobuf-es", () => {
    expect(describeTypes(descriptor.file_google_protobuf_timestamp)).toEqual(
      describeTypes(file_google_protobuf_timestamp),
    );
    expect(describeTypes(descriptor.file_google_protobuf_duration)).toEqual(
      describeTypes(file_google_protobuf_duration),
    );
  });

  it("are refused for a file with something that the text cannot say", () => {
    const file = create(FileDescriptorProtoSchema, { name: "a.proto", package: "a", syntax: "proto2" });
    expect(() => printDescriptor(file)).toThrow("a.proto has something that the text of a descriptor cannot say");
  });
});

async function fileOf(path: string): Promise<DescFile> {
  const file = (await loadGenerated()).find(({ proto }) => proto.name === path);
  if (file === undefined) throw new Error(`no ${path}`);
  return file;
}

describe("timestampOf", () => {
  it("is the timestamp that protobuf-es makes of whole milliseconds", () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 40), max: 2 ** 45 }), (ms) => {
        expect(toBinary(TimestampSchema, timestampOf(ms))).toEqual(toBinary(TimestampSchema, timestampFromMs(ms)));
      }),
    );
  });
});
