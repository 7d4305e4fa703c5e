import type { GeneratedFile } from "@bufbuild/protoplugin";
import type { CloseCode, CloseCodeEnum } from "./close-code.ts";

/** Prints the table of an enum of close codes, and the ranges of the verdicts. */
export function printCloseCodes(f: GeneratedFile, { desc, codes, ranges }: CloseCodeEnum): void {
  const first = ranges[0];
  if (first === undefined) return;
  const verdictShape = f.importShape(first.verdict.parent);
  const verdictEnum = f.import(verdictShape.name, verdictShape.from);
  const { name } = desc;

  f.print(f.jsDoc(`The names of the codes of ${name}, without their prefix.`));
  f.print(f.export("type", `${name}Name`), " =");
  codes.forEach((code, i) => f.print(`  | "${code.name}"${i === codes.length - 1 ? ";" : ""}`));
  f.print();
  f.print(f.jsDoc(`What the schema says about a code of ${name}.`));
  f.print(f.export("interface", `${name}Info`), " {");
  f.print("  /** The name, without the prefix. */");
  f.print("  readonly name: ", name, "Name;");
  f.print("  /** What a client does after it was told the code. */");
  f.print("  readonly verdict: ", verdictShape, ";");
  f.print("  /** The gRPC status that carries the code on a plain RPC, as the number of google.rpc.Code. */");
  f.print("  readonly grpcStatus: number;");
  f.print("  /** Whether the code may be the answer to a hello. */");
  f.print("  readonly rejection: boolean;");
  f.print("  /** What whoever sees the code should do, in one sentence. */");
  f.print("  readonly action: string;");
  f.print("}");
  f.print();
  f.print(f.jsDoc(`Every code of ${name} by its number. Undefined for a number that this version does not know.`));
  const numbers = codes.map((code) => code.desc.number).join(" | ");
  f.print(f.export("const", `${lowerFirst(name)}s`), ": { readonly [code: number]: ", name, "Info | undefined } &");
  f.print("  Readonly<Record<", numbers, ", ", name, "Info>> = {");
  for (const code of codes) {
    f.print("  /** ", summaryOf(code), " */");
    f.print("  ", code.desc.number, ": {");
    f.print("    name: ", f.string(code.name), ",");
    f.print("    verdict: ", verdictEnum, ".", code.verdict.localName, ",");
    f.print("    grpcStatus: ", code.grpcStatus, ",");
    f.print("    rejection: ", code.rejection, ",");
    f.print("    action: ", f.string(code.action), ",");
    f.print("  },");
  }
  f.print("};");
  f.print();
  f.print(f.jsDoc("The verdict of every code, known or not, by its range, both ends included."));
  f.print(f.export("const", "verdictRanges"), ": readonly {");
  f.print("  readonly first: number;");
  f.print("  readonly last: number;");
  f.print("  readonly verdict: ", verdictShape, ";");
  f.print("}[] = [");
  for (const range of ranges) {
    const { first: from, last } = range;
    f.print("  { first: ", from, ", last: ", last, ", verdict: ", verdictEnum, ".", range.verdict.localName, " },");
  }
  f.print("];");
  f.print();
}

function summaryOf(code: CloseCode): string {
  return code.desc.name;
}

function lowerFirst(name: string): string {
  return `${name[0]?.toLowerCase()}${name.slice(1)}`;
}
