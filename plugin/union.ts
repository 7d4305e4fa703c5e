import type { GeneratedFile } from "@bufbuild/protoplugin";

/** Prints the body of a union of string literals. */
export function printUnion(f: GeneratedFile, names: readonly string[]): void {
  for (const [i, name] of names.entries()) f.print(`  | "${name}"${i === names.length - 1 ? ";" : ""}`);
  f.print();
}
