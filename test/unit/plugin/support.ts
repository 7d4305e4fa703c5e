import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DescMessage } from "@bufbuild/protobuf";
import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema, type FileDescriptorSet, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { plugin } from "../../../plugin/plugin.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const OPTIONS = "moorline/schema/v1/options.proto";

/** Proto files: their text by their path. */
export type ProtoFiles = { readonly [path: string]: string };

/** What the plugin answered. */
export interface Generated {
  /** The text of each file that it wrote. */
  readonly files: { readonly [name: string]: string };
  /** The lines of its error. Empty where there is none. */
  readonly errors: readonly string[];
}

/** Compiles proto files, which may import Moorline's options, and runs the plugin for them. */
export function generate(protos: ProtoFiles, ...options: string[]): Generated {
  const request = create(CodeGeneratorRequestSchema, {
    fileToGenerate: Object.keys(protos),
    parameter: ["target=ts", "import_extension=ts", ...options].join(","),
    protoFile: compile(protos).file,
  });
  const response = plugin.run(request);
  return {
    files: Object.fromEntries(response.file.map(({ name, content }) => [name, content])),
    errors: response.error === "" ? [] : response.error.split("\n"),
  };
}

/** The descriptor of a message of proto files. */
export function messageOf(protos: ProtoFiles, typeName: string): DescMessage {
  const desc = createFileRegistry(compile(protos)).getMessage(typeName);
  if (desc === undefined) throw new Error(`no message ${typeName}`);
  return desc;
}

/** The first line of `text` that contains `part`, counted from 1. */
export function lineOf(text: string | undefined, part: string): number {
  const index = (text ?? "").split("\n").findIndex((line) => line.includes(part));
  if (index < 0) throw new Error(`no line has ${part}`);
  return index + 1;
}

function compile(protos: ProtoFiles): FileDescriptorSet {
  const folder = mkdtempSync(join(tmpdir(), "moorline-plugin-"));
  try {
    const all = { [OPTIONS]: readFileSync(join(ROOT, "proto", OPTIONS), "utf8"), ...protos };
    for (const [path, text] of Object.entries(all)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const buf = join(ROOT, "node_modules/@bufbuild/buf/bin/buf");
    const args = [buf, "build", folder, "--as-file-descriptor-set", "-o", "-#format=binpb"];
    return fromBinary(FileDescriptorSetSchema, execFileSync(process.execPath, args, { maxBuffer: 16 * 1024 * 1024 }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
