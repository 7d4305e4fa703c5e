import type { GeneratedFile } from "@bufbuild/protoplugin";
import type { ActionEnum } from "./action-enum.ts";

/** Prints what to do about each value of an enum of reasons. */
export function printActions(f: GeneratedFile, { desc, values }: ActionEnum): void {
  const { name } = desc;
  f.print(f.jsDoc(`What to do about each ${name}. Undefined where something else says it, or the value is not known.`));
  const table = `${name[0]?.toLowerCase()}${name.slice(1)}Actions`;
  f.print(f.export("const", table), ": { readonly [value: number]: string | undefined } = {");
  for (const { desc: value, action } of values) {
    if (action === undefined) continue;
    f.print("  /** ", value.name, " */");
    f.print("  ", value.number, ": ", f.string(action), ",");
  }
  f.print("};");
  f.print();
}
