import type { GeneratedFile } from "@bufbuild/protoplugin";
import type { EnvelopeField, EnvelopeMessage, EnvelopeOneof } from "./envelope.ts";
import type { CodecRuntime } from "./runtime.ts";

/** Prints the interface of a message, the unions of its oneofs, its empty value and its `create` function. */
export function printShape(f: GeneratedFile, message: EnvelopeMessage, runtime: CodecRuntime): void {
  f.print(f.jsDoc(message.desc));
  f.print(f.export("interface", message.name), " {");
  for (const member of membersOf(message)) {
    f.print(f.jsDoc(member.desc, "  "));
    f.print("  readonly ", member.name, ": ", memberType(member), ";");
  }
  f.print("  /** Fields that this version does not know; encoded again after the others. */");
  f.print("  readonly unknown?: readonly ", runtime.UnknownField, "[] | undefined;");
  f.print("}");
  f.print();
  for (const oneof of message.oneofs) printUnion(f, message, oneof);
  printCreate(f, message);
}

/** The members of a message in the order of their declaration: fields outside oneofs, and oneofs. */
export function membersOf(message: EnvelopeMessage): (EnvelopeField | EnvelopeOneof)[] {
  const members: (EnvelopeField | EnvelopeOneof)[] = [];
  for (const field of message.fields) {
    const member = field.oneof ?? field;
    if (!members.includes(member)) members.push(member);
  }
  return members;
}

/** Whether a member is a field. */
export function isField(member: EnvelopeField | EnvelopeOneof): member is EnvelopeField {
  return "kind" in member;
}

/** The name of the constant with the zero values of a message. */
export function emptyName(message: string): string {
  return `empty${message}`;
}

function memberType(member: EnvelopeField | EnvelopeOneof): string {
  if (!isField(member)) return member.type;
  if (member.repeated) return `readonly ${member.type}[]`;
  return member.optional ? `${member.type} | undefined` : member.type;
}

function printUnion(f: GeneratedFile, message: EnvelopeMessage, oneof: EnvelopeOneof): void {
  f.print(f.jsDoc(oneof.desc));
  f.print(f.export("type", oneof.type), " =");
  for (const field of message.fields) {
    if (field.oneof !== oneof) continue;
    f.print(`  | { readonly case: "${field.name}"; readonly value: ${field.type} }`);
  }
  f.print("  | { readonly case: undefined; readonly value?: undefined };");
  f.print();
}

function printCreate(f: GeneratedFile, message: EnvelopeMessage): void {
  const { name } = message;
  const members = membersOf(message);
  f.print("const ", emptyName(name), ": ", name, " = {");
  for (const member of members) f.print("  ", member.name, ": ", zeroOf(member), ",");
  f.print("  unknown: undefined,");
  f.print("};");
  f.print();
  f.print(f.jsDoc(`Makes a ${name}. What is not given has its zero value.`));
  f.print(f.export("function", `create${name}`), `(init: Partial<${name}> = ${emptyName(name)}): ${name} {`);
  f.print("  return {");
  for (const member of members) f.print(`    ${member.name}: init.${member.name}${orZero(member)},`);
  f.print("    unknown: init.unknown,");
  f.print("  };");
  f.print("}");
  f.print();
}

function orZero(member: EnvelopeField | EnvelopeOneof): string {
  const zero = zeroOf(member);
  return zero === "undefined" ? "" : ` ?? ${zero}`;
}

function zeroOf(member: EnvelopeField | EnvelopeOneof): string {
  if (!isField(member)) return "{ case: undefined, value: undefined }";
  if (member.repeated) return "[]";
  if (member.optional) return "undefined";
  switch (member.kind) {
    case "uint64":
    case "uint32":
    case "enum":
      return "0";
    case "bool":
      return "false";
    case "string":
      return '""';
    default:
      return "new Uint8Array(0)";
  }
}
