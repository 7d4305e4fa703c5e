import type { DescFile } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import type { GeneratedFile } from "@bufbuild/protoplugin";

/**
 * Prints a type for each message of a file with machines: the same as plain data, so that a machine runs without the
 * descriptors of its states, events and effects. `runtimePath` is the path of `src/core/plain.ts`, relative to the folder that
 * is generated into.
 */
export function printPlainTypes(f: GeneratedFile, file: DescFile, runtimePath: string): void {
  const plain = f.import("Plain", runtimePath, true);
  for (const desc of nestedTypes(file)) {
    if (desc.kind !== "message") continue;
    const shape = f.importShape(desc);
    f.print(f.jsDoc(desc));
    f.print(f.export("type", shape.name), " = ", plain, "<", shape, ", ", f.string(file.proto.package), ">;");
    f.print();
  }
}
