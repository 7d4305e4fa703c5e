import type { GeneratedFile, Printable } from "@bufbuild/protoplugin";
import { type CodecField, type CodecMessage, tagOf, type ValueKind } from "./message.ts";
import { codeName, type MessageRuntime } from "./runtime.ts";

/** Prints the function that reads a message. */
export function printReader(f: GeneratedFile, message: CodecMessage, runtime: MessageRuntime): void {
  const { desc, fields } = message;
  const shape = f.importShape(desc);
  const parameters = ["(r: ", runtime.WireReader, ", end: number, depth: number): ", shape];
  f.print(f.jsDoc(`Reads a ${desc.typeName}.`));
  f.print(f.export("function", codeName(f, "read", desc)), ...parameters, " {");
  f.print("  ", runtime.helpers.enter, "(depth);");
  for (const member of desc.members) {
    if (member.kind === "oneof") {
      f.print(`  let ${local(member.localName)}: `, shape, `["${member.localName}"] = { case: undefined };`);
    } else
      printVariable(
        f,
        member.localName,
        fields.find((field) => field.desc === member),
        shape,
      );
  }
  f.print("  let unknown: ", runtime.UnknownField, "[] | undefined;");
  f.print("  while (r.pos < end) {");
  f.print("    const tag = r.tag();");
  f.print("    switch (tag) {");
  for (const field of fields) printCases(f, field, runtime);
  const numbers = fields.reduce((bits, field) => bits | (1 << field.desc.number), 0);
  f.print("      default:");
  f.print("        unknown = ", runtime.helpers.keepUnknown, `(unknown, r, tag, depth, ${numbers});`);
  f.print("    }");
  f.print("  }");
  f.print("  ", runtime.helpers.leave, "(r, end);");
  printMessage(f, message);
  f.print("}");
  f.print();
}

function printVariable(f: GeneratedFile, name: string, field: CodecField | undefined, shape: Printable): void {
  if (field === undefined) return;
  const type: Printable = [": ", shape, `["${name}"]`];
  if (isAbsent(field)) f.print(`  let ${local(name)}`, type, " | undefined;");
  else if (field.desc.fieldKind === "list") f.print(`  const ${local(name)}`, type, " = [];");
  else if (field.desc.fieldKind === "map") f.print(`  const ${local(name)}`, type, " = {};");
  else f.print(`  let ${local(name)}`, type, ` = ${zeroOf(field)};`);
}

function printMessage(f: GeneratedFile, { desc, fields }: CodecMessage): void {
  const absent = fields.filter((field) => field.desc.oneof === undefined && isAbsent(field));
  const always = desc.members.filter((member) => !absent.some((field) => field.desc === member));
  f.print("  const message: ", f.importShape(desc), " = {");
  f.print(`    $typeName: ${JSON.stringify(desc.typeName)},`);
  for (const { localName } of always) f.print(`    ${entry(localName)},`);
  f.print("  };");
  for (const { desc: field } of absent) {
    const name = local(field.localName);
    f.print(`  if (${name} !== undefined) message.${field.localName} = ${name};`);
  }
  f.print("  if (unknown !== undefined) message.$unknown = unknown;");
  f.print("  return message;");
}

function printCases(f: GeneratedFile, field: CodecField, runtime: MessageRuntime): void {
  const { desc, kind, tag } = field;
  const name = local(desc.localName);
  const value = readValue(f, field, runtime);
  const { helpers } = runtime;
  f.print(`      case ${tag}:`);
  if (desc.fieldKind === "map") {
    f.print("        {");
    f.print("          const limit = r.limit();");
    f.print("          const key = ", helpers.readKey, `(r, ${tagOf(2, kind)});`);
    f.print(`          ${name}[key] = `, value, ";");
    f.print("          ", helpers.leave, "(r, limit);");
    f.print("        }");
  } else if (desc.fieldKind === "list") {
    f.print(`        ${name}.push(`, value, ");");
  } else if (desc.oneof !== undefined) {
    const oneof = local(desc.oneof.localName);
    f.print("        ", helpers.assumeNone, `(${oneof}.case);`);
    f.print(`        ${oneof} = { case: "${desc.localName}", value: `, value, " };");
  } else {
    if (kind === "message") f.print("        ", helpers.assumeNone, `(${name});`);
    f.print(`        ${name} = `, value, ";");
  }
  f.print("        break;");
  if (desc.fieldKind === "list" && (tag & 7) !== 2) printPacked(f, field, runtime);
}

/** Every reader takes lists of numbers in both forms. */
function printPacked(f: GeneratedFile, field: CodecField, runtime: MessageRuntime): void {
  f.print(`      case ${tagOf(field.desc.number, "data")}:`);
  f.print("        {");
  f.print("          const limit = r.limit();");
  f.print(`          while (r.pos < limit) ${local(field.desc.localName)}.push(`, readValue(f, field, runtime), ");");
  f.print("          ", runtime.helpers.leave, "(r, limit);");
  f.print("        }");
  f.print("        break;");
}

function readValue(f: GeneratedFile, { desc, kind }: CodecField, { helpers, code }: MessageRuntime): Printable {
  if (desc.enum !== undefined) return ["r.int32() as ", f.importShape(desc.enum)];
  switch (kind) {
    case "varint64":
      return [helpers.readVarint64, "(r)"];
    case "fixed64":
      return [helpers.readFixed64, "(r)"];
    case "data":
      return "r.view()";
    case "message":
      return desc.message === undefined ? "" : [code("read", desc.message), "(r, r.limit(), depth + 1)"];
    default:
      return `r.${kind}()`;
  }
}

/** Whether the message has no such property where nothing was read. */
function isAbsent({ desc, kind }: CodecField): boolean {
  if (desc.fieldKind === "list" || desc.fieldKind === "map") return false;
  return kind === "message" || desc.proto.proto3Optional;
}

const ZEROS: Readonly<Partial<Record<ValueKind, string>>> = {
  string: '""',
  data: "new Uint8Array(0)",
  bool: "false",
  varint64: "0n",
  fixed64: "0n",
};

function zeroOf({ kind }: CodecField): string {
  return ZEROS[kind] ?? "0";
}

const TAKEN = new Set(["r", "end", "depth", "tag", "unknown", "message", "limit", "key"]);

/** The name of the variable of a member. */
function local(name: string): string {
  return TAKEN.has(name) ? `${name}$` : name;
}

function entry(name: string): string {
  return local(name) === name ? name : `${name}: ${local(name)}`;
}
