import type { GeneratedFile, ImportSymbol, Printable } from "@bufbuild/protoplugin";
import { printUnion } from "../union.ts";
import type { CloseCode, CloseCodeEnum, VerdictRange } from "./close-code.ts";

/** Prints the tables of an enum of close codes, and the ranges of the verdicts. */
export function printCloseCodes(f: GeneratedFile, { desc: { name }, codes, ranges }: CloseCodeEnum): void {
  const [first] = ranges;
  if (first === undefined) return;
  const shape = f.importShape(first.verdict.parent);
  printNames(f, name, codes);
  f.print(f.jsDoc(`What whoever sees a code of ${name} should do, in one sentence, by its name.`));
  printTable(f, name, { property: "Actions", type: "string" }, codes, ({ action }) => f.string(action));
  f.print(
    f.jsDoc(
      `The gRPC status that carries a code of ${name} on a plain RPC, as the number of google.rpc.Code, by its name.`,
    ),
  );
  printTable(f, name, { property: "Statuses", type: "number" }, codes, ({ grpcStatus }) => grpcStatus);
  printRanges(f, ranges, f.import(shape.name, shape.from));
}

function printNames(f: GeneratedFile, name: string, codes: readonly CloseCode[]): void {
  f.print(f.jsDoc(`The names of the codes of ${name}, without their prefix.`));
  f.print(f.export("type", `${name}Name`), " =");
  const names = codes.map((code) => code.name);
  printUnion(f, names);
}

/** Tables of their own, so that a page loads only those that it uses. */
function printTable(
  f: GeneratedFile,
  name: string,
  { property, type }: { readonly property: string; readonly type: string },
  codes: readonly CloseCode[],
  toValue: (code: CloseCode) => Printable,
): void {
  const table = `${name[0]?.toLowerCase()}${name.slice(1)}${property}`;
  f.print(f.export("const", table), ": Readonly<Record<", name, "Name, ", type, ">> = {");
  for (const code of codes) f.print("  ", code.name, ": ", toValue(code), ",");
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
