import { execFileSync } from "node:child_process";
import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  create,
  createFileRegistry,
  type DescEnum,
  type DescField,
  type DescFile,
  type DescMessage,
  type DescService,
  fromBinary,
  toBinary,
} from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
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

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** Every file of the schema, compiled by buf, by its path. */
function compileSchema(): ReadonlyMap<string, DescFile> {
  const buf = `${ROOT}/node_modules/@bufbuild/buf/bin/buf`;
  const args = [buf, "build", `${ROOT}/proto`, "--as-file-descriptor-set", "-o", "-#format=binpb"];
  const bytes = execFileSync(process.execPath, args, { maxBuffer: 16 * 1024 * 1024 });
  const { files } = createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes));
  return new Map([...files].map((file) => [file.proto.name, file]));
}

/** The file that each generated module describes. */
async function loadGenerated(): Promise<DescFile[]> {
  const paths = globSync("gen/**/*_pb.ts", { cwd: ROOT });
  const modules = await Promise.all(
    paths.map((path) => import(`${ROOT}/${path}`) as Promise<Record<string, DescFile>>),
  );
  return modules.flatMap((module) => Object.values(module).filter(({ kind }) => kind === "file"));
}

/** What a file says of its types, for comparison. */
function describeFile(file: DescFile): unknown[] {
  return [...nestedTypes(file)].filter(({ kind }) => kind !== "extension").map(describeType);
}

function describeType(desc: ReturnType<typeof nestedTypes> extends Iterable<infer T> ? T : never): unknown {
  switch (desc.kind) {
    case "message":
      return describeMessage(desc);
    case "enum":
      return describeEnum(desc);
    case "service":
      return describeService(desc);
    default:
      return undefined;
  }
}

function describeMessage({ typeName, members, fields, parent }: DescMessage): unknown {
  const names = members.map(({ kind, localName }) => `${kind} ${localName}`);
  return { typeName, parent: parent?.typeName, names, fields: fields.map(describeField) };
}

function describeField(field: DescField): unknown {
  const { name, localName, jsonName, number, fieldKind, scalar, presence } = field;
  const kind = "listKind" in field ? [field.listKind, field.packed] : [];
  const map = "mapKind" in field ? [field.mapKind, field.mapKey] : [];
  const types = [field.message?.typeName, field.enum?.typeName, field.oneof?.name];
  return { name, localName, jsonName, number, fieldKind, scalar, presence, kind, map, types };
}

function describeEnum({ typeName, values, open, sharedPrefix }: DescEnum): unknown {
  return {
    typeName,
    open,
    sharedPrefix,
    values: values.map(({ name, localName, number }) => [name, localName, number]),
  };
}

function describeService({ typeName, methods }: DescService): unknown {
  const each = methods.map(({ localName, input, output, methodKind, idempotency }) => {
    return [localName, input.typeName, output.typeName, methodKind, idempotency];
  });
  return { typeName, each };
}

describe("descriptors as text", () => {
  it("say the same of every file of the schema as the compiler does", async () => {
    const compiled = compileSchema();
    const generated = await loadGenerated();
    expect(generated.length).toBeGreaterThan(25);
    for (const file of generated) {
      const original = compiled.get(file.proto.name);
      if (original === undefined) throw new Error(`no ${file.proto.name}`);
      const isOption = ({ typeName }: { typeName?: string }) => /schema\.v1\.(?!RetryVerdict)/.test(typeName ?? "");
      const expected = describeFile(original).filter((each) => !isOption(each as object));
      expect(describeFile(file)).toEqual(expected);
    }
  });

  it("can be encoded as descriptors, for reflection", async () => {
    for (const { proto, dependencies } of await loadGenerated()) {
      const copy = fromBinary(FileDescriptorProtoSchema, toBinary(FileDescriptorProtoSchema, proto));
      const registry = createFileRegistry(copy, (path) => dependencies.find((file) => file.proto.name === path));
      const again = registry.getFile(proto.name);
      expect(again && describeFile(again)).toEqual(describeFile(await fileOf(proto.name)));
    }
  });

  it("are the same for google/protobuf/timestamp.proto and duration.proto as in protobuf-es", () => {
    expect(describeFile(descriptor.file_google_protobuf_timestamp)).toEqual(
      describeFile(file_google_protobuf_timestamp),
    );
    expect(describeFile(descriptor.file_google_protobuf_duration)).toEqual(describeFile(file_google_protobuf_duration));
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
