import type { GeneratedFile, Printable } from "@bufbuild/protoplugin";
import { safeIdentifier } from "@bufbuild/protoplugin";
import type { EnvelopeField, EnvelopeMessage, EnvelopeOneof } from "./envelope.ts";
import type { CodecRuntime } from "./runtime.ts";
import { emptyName, isField, membersOf } from "./shapes.ts";

/** Prints `decodeX` and the function that reads an X from the middle of a message. */
export function printReader(f: GeneratedFile, message: EnvelopeMessage, runtime: CodecRuntime): void {
  const { name } = message;
  f.print(f.jsDoc(`Decodes a ${name}. Bytes inside are views. Throws a CodecError where the bytes are malformed.`));
  f.print(f.export("function", `decode${name}`), `(bytes: Uint8Array): ${name} {`);
  f.print("  return read", name, "(new ", runtime.WireReader, "(bytes), bytes.length, 1, ", emptyName(name), ");");
  f.print("}");
  f.print();
  f.print("function read", name, "(r: ", runtime.WireReader, `, end: number, depth: number, base: ${name}): ${name} {`);
  for (const member of membersOf(message))
    f.print("  let ", local(member.name), " = ", initial(member, name, runtime), ";");
  f.print("  let unknown = base.unknown as ", runtime.UnknownField, "[] | undefined;");
  f.print("  while (r.pos < end) {");
  f.print("    const tag = r.tag();");
  f.print("    switch (tag >>> 3) {");
  for (const field of message.fields) printCase(f, field, runtime);
  f.print("      default:");
  f.print("        unknown ??= [];");
  f.print("        unknown.push(r.unknown(tag, depth));");
  f.print("    }");
  f.print("  }");
  const entries = membersOf(message).map((member) => entry(member.name));
  f.print(`  return { ${[...entries, "unknown"].join(", ")} };`);
  f.print("}");
  f.print();
}

/** What the variable of a member starts with. Lists are appended to, so they must not be the shared empty one. */
function initial(member: EnvelopeField | EnvelopeOneof, message: string, runtime: CodecRuntime): Printable {
  const value = `base.${member.name}`;
  if (!isField(member) || !member.repeated) return value;
  return [runtime.growable, "(", value, ", ", emptyName(message), ".", member.name, ")"];
}

function printCase(f: GeneratedFile, field: EnvelopeField, runtime: CodecRuntime): void {
  f.print(`      case ${field.desc.number}:`);
  if (field.repeated) {
    f.print("        ", local(field.name), ".push(", readValue(field, runtime), ");");
  } else if (field.oneof !== undefined) {
    const value = readValue(field, runtime);
    f.print("        ", local(field.oneof.name), ` = { case: "${field.name}", value: `, value, " };");
  } else {
    f.print("        ", local(field.name), " = ", readValue(field, runtime), ";");
  }
  f.print("        break;");
}

function readValue(field: EnvelopeField, runtime: CodecRuntime): Printable {
  switch (field.kind) {
    case "enum":
      return "r.int32()";
    case "bytes":
      return "r.view()";
    case "opaque":
      return field.repeated ? "r.view()" : [runtime.mergeBytes, "(", present(field, "undefined"), ", r.view())"];
    case "message":
      return `read${field.type}(r, r.limit(), depth + 1, ${field.repeated ? emptyName(field.type) : present(field, emptyName(field.type))})`;
    default:
      return `r.${field.kind}()`;
  }
}

/** The value that a repetition of a singular message is merged into. */
function present(field: EnvelopeField, otherwise: string): string {
  if (field.oneof === undefined)
    return otherwise === "undefined" ? local(field.name) : `${local(field.name)} ?? ${otherwise}`;
  const oneof = local(field.oneof.name);
  return `${oneof}.case === "${field.name}" ? ${oneof}.value : ${otherwise}`;
}

const TAKEN = new Set(["r", "end", "depth", "base", "tag", "unknown"]);

/** The name of the variable of a member: its own name, unless the function has it already. */
function local(name: string): string {
  return TAKEN.has(name) ? `${name}_` : safeIdentifier(name);
}

function entry(name: string): string {
  return local(name) === name ? name : `${name}: ${local(name)}`;
}
