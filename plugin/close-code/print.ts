import type { GeneratedFile, ImportSymbol } from "@bufbuild/protoplugin";
import { printUnion } from "../union.ts";
import type { CloseCode, CloseCodeEnum, VerdictRange } from "./close-code.ts";

/** Prints the table of an enum of close codes, and the ranges of the verdicts. */
export function printCloseCodes(f: GeneratedFile, { desc, codes, ranges }: CloseCodeEnum): void {
  const [first] = ranges;
  if (first === undefined) return;
  const shape = f.importShape(first.verdict.parent);
  const verdicts = f.import(shape.name, shape.from);
  printInfo(f, desc.name, codes, shape);
  printTable(f, desc.name, codes, verdicts);
  printRanges(f, ranges, verdicts);
}

function printInfo(f: GeneratedFile, name: string, codes: readonly CloseCode[], verdict: ImportSymbol): void {
  f.print(f.jsDoc(`The names of the codes of ${name}, without their prefix.`));
  f.print(f.export("type", `${name}Name`), " =");
  const names = codes.map((code) => code.name);
  printUnion(f, names);
  f.print(f.jsDoc(`What the schema says about a code of ${name}.`));
  f.print(f.export("interface", `${name}Info`), " {");
  f.print("  /** The name, without the prefix. */");
  f.print("  readonly name: ", name, "Name;");
  f.print("  /** What a client does after it was told the code. */");
  f.print("  readonly verdict: ", verdict, ";");
  f.print("  /** The gRPC status that carries the code on a plain RPC, as the number of google.rpc.Code. */");
  f.print("  readonly grpcStatus: number;");
  f.print("  /** Whether the code may be the answer to a hello. */");
  f.print("  readonly rejection: boolean;");
  f.print("  /** What whoever sees the code should do, in one sentence. */");
  f.print("  readonly action: string;");
  f.print("}");
  f.print();
}

function printTable(f: GeneratedFile, name: string, codes: readonly CloseCode[], verdicts: ImportSymbol): void {
  const table = `${name[0]?.toLowerCase()}${name.slice(1)}s`;
  const numbers = codes.map((code) => code.desc.number).join(" | ");
  f.print(f.jsDoc(`Every code of ${name} by its number. Undefined for a number that this version does not know.`));
  f.print(f.export("const", table), ": { readonly [code: number]: ", name, "Info | undefined } &");
  f.print("  Readonly<Record<", numbers, ", ", name, "Info>> = {");
  for (const code of codes) {
    f.print("  /** ", code.desc.name, " */");
    f.print("  ", code.desc.number, ": {");
    f.print("    name: ", f.string(code.name), ",");
    f.print("    verdict: ", verdicts, ".", code.verdict.localName, ",");
    f.print("    grpcStatus: ", code.grpcStatus, ",");
    f.print("    rejection: ", code.rejection, ",");
    f.print("    action: ", f.string(code.action), ",");
    f.print("  },");
  }
  f.print("};");
  f.print();
}

function printRanges(f: GeneratedFile, ranges: readonly VerdictRange[], verdicts: ImportSymbol): void {
  f.print(f.jsDoc("The verdict of every code, known or not, by its range, both ends included."));
  f.print(f.export("const", "verdictRanges"), ": readonly {");
  f.print("  readonly first: number;");
  f.print("  readonly last: number;");
  f.print("  readonly verdict: ", verdicts.toTypeOnly(), ";");
  f.print("}[] = [");
  for (const { first, last, verdict } of ranges) {
    f.print("  { first: ", first, ", last: ", last, ", verdict: ", verdicts, ".", verdict.localName, " },");
  }
  f.print("];");
  f.print();
}
