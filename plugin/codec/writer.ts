import type { GeneratedFile, Printable } from "@bufbuild/protoplugin";
import type { EnvelopeField, EnvelopeMessage, EnvelopeOneof } from "./envelope.ts";
import type { CodecRuntime } from "./runtime.ts";

/** Prints `sizeX`, `writeX` and `encodeX`. */
export function printWriter(f: GeneratedFile, message: EnvelopeMessage, runtime: CodecRuntime): void {
  const { name } = message;
  f.print(f.jsDoc(`Bytes that a ${name} takes. Throws a CodecError where a number is out of the range of its field.`));
  f.print(f.export("function", `size${name}`), `(m: ${name}): number {`);
  f.print("  let size = 0;");
  printFields(f, message, (field, value) => ["size += ", sizeOf(field, value, runtime), ";"]);
  f.print("  if (m.unknown !== undefined) size += ", runtime.sizeUnknown, "(m.unknown);");
  f.print("  return size;");
  f.print("}");
  f.print();
  f.print(
    f.jsDoc(
      `Writes a ${name} into \`b\` at \`offset\`, where there must be room for \`size${name}\` bytes, and returns the\nposition after it. Checks nothing that \`size${name}\` has checked.`,
    ),
  );
  f.print(f.export("function", `write${name}`), `(m: ${name}, b: Uint8Array, offset: number): number {`);
  f.print("  let o = offset;");
  printFields(f, message, (field, value) => writeOf(field, value, runtime));
  f.print("  if (m.unknown !== undefined) o = ", runtime.writeUnknown, "(b, o, m.unknown);");
  f.print("  return o;");
  f.print("}");
  f.print();
  f.print(f.jsDoc(`Encodes a ${name}. Throws a CodecError where a number is out of the range of its field.`));
  f.print(f.export("function", `encode${name}`), `(m: ${name}): Uint8Array {`);
  f.print(`  const bytes = new Uint8Array(size${name}(m));`);
  f.print(`  write${name}(m, bytes, 0);`);
  f.print("  return bytes;");
  f.print("}");
  f.print();
}

type PrintValue = (field: EnvelopeField, value: string) => Printable[];

/** Prints what `print` makes of every field that is set, in the order of the numbers. */
function printFields(f: GeneratedFile, message: EnvelopeMessage, print: PrintValue): void {
  let open: EnvelopeOneof | undefined;
  for (const field of message.fields) {
    if (field.oneof !== open) {
      if (open !== undefined) f.print("  }");
      if (field.oneof !== undefined) f.print(`  switch (m.${field.oneof.name}.case) {`);
      open = field.oneof;
    }
    printField(f, field, print);
  }
  if (open !== undefined) f.print("  }");
}

function printField(f: GeneratedFile, field: EnvelopeField, print: PrintValue): void {
  if (field.oneof !== undefined) {
    f.print(`    case "${field.name}":`);
    f.print("      ", print(field, `m.${field.oneof.name}.value`));
    f.print("      break;");
  } else if (field.repeated) {
    f.print(`  for (let i = 0; i < m.${field.name}.length; i++) {`);
    f.print(`    const value = m.${field.name}[i] as ${field.type};`);
    f.print("    ", print(field, "value"));
    f.print("  }");
  } else {
    f.print(`  if (${isSet(field)}) {`);
    f.print("    ", print(field, `m.${field.name}`));
    f.print("  }");
  }
}

function isSet(field: EnvelopeField): string {
  const value = `m.${field.name}`;
  if (field.optional) return `${value} !== undefined`;
  switch (field.kind) {
    case "bool":
      return value;
    case "string":
      return `${value} !== ""`;
    case "bytes":
      return `${value}.length > 0`;
    default:
      return `${value} !== 0`;
  }
}

const SIZES = { uint64: "sizeUint64", uint32: "sizeUint32", enum: "sizeInt32", string: "sizeString" } as const;

function sizeOf(field: EnvelopeField, value: string, runtime: CodecRuntime): Printable[] {
  const tag = `${tagBytes(field).length} + `;
  switch (field.kind) {
    case "bool":
      return [`${tagBytes(field).length + 1}`];
    case "bytes":
    case "opaque":
      return [tag, runtime.sizeDelimited, `(${value}.length)`];
    case "message":
      return [tag, runtime.sizeDelimited, `(size${field.type}(${value}))`];
    default:
      return [tag, runtime[SIZES[field.kind]], `(${value})`];
  }
}

function writeOf(field: EnvelopeField, value: string, runtime: CodecRuntime): Printable[] {
  const tag = tagBytes(field).map((byte) => `b[o++] = ${byte}; `);
  switch (field.kind) {
    case "bool":
      return [...tag, field.optional || field.oneof ? `b[o++] = ${value} ? 1 : 0;` : "b[o++] = 1;"];
    case "bytes":
    case "opaque":
      return [...tag, "o = ", runtime.writeBytes, `(b, o, ${value});`];
    case "string":
      return [...tag, "o = ", runtime.writeString, `(b, o, ${value});`];
    case "enum":
      return [...tag, "o = ", runtime.writeInt32, `(b, o, ${value});`];
    case "message": {
      const length: Printable[] = [runtime.writeVarint, `(b, o, size${field.type}(${value}))`];
      return [...tag, `o = write${field.type}(${value}, b, `, ...length, ");"];
    }
    default:
      return [...tag, "o = ", runtime.writeVarint, `(b, o, ${value});`];
  }
}

/** The encoded tag of a field. */
function tagBytes(field: EnvelopeField): number[] {
  const varint = field.kind === "uint64" || field.kind === "uint32" || field.kind === "enum" || field.kind === "bool";
  const bytes: number[] = [];
  let rest = ((field.desc.number << 3) | (varint ? 0 : 2)) >>> 0;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [...bytes, rest];
}
