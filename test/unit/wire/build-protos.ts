import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createFileRegistry, type FileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/**
 * Descriptors of the project's protos, and of more files, with all their options: what the generators see.
 * @param more Texts of proto files, by their names.
 */
export function buildProtos(more: Readonly<Record<string, string>> = {}): FileRegistry {
  const folder = mkdtempSync(join(tmpdir(), "moorline-protos-"));
  try {
    cpSync(join(root, "proto"), folder, { recursive: true });
    for (const [name, text] of Object.entries(more)) writeFileSync(join(folder, name), text);
    const buf = join(root, "node_modules/.bin/buf");
    const image = execFileSync(buf, ["build", folder, "--as-file-descriptor-set", "-o", "-"], { cwd: folder });
    return createFileRegistry(fromBinary(FileDescriptorSetSchema, image));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
