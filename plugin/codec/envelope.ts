import type { DescField, DescFile, DescMessage, DescOneof } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { schemaError } from "../problem.ts";
import type { OptionReader } from "../options.ts";

/** How a field of an envelope is stored. `opaque` is a message that stays bytes. */
export type EnvelopeKind = "uint64" | "uint32" | "enum" | "bool" | "string" | "bytes" | "opaque" | "message";

/** A field of a message with the option `specialized`. */
export interface EnvelopeField {
  readonly desc: DescField;
  /** The name in TypeScript, as protobuf-es has it. */
  readonly name: string;
  readonly kind: EnvelopeKind;
  /** The TypeScript type of one value. */
  readonly type: string;
  readonly repeated: boolean;
  /** Unset differs from the zero value. False for members of a oneof. */
  readonly optional: boolean;
  /** The oneof that the field is a member of, not counting those that `optional` makes. */
  readonly oneof: EnvelopeOneof | undefined;
}

/** A oneof of a message with the option `specialized`. */
export interface EnvelopeOneof {
  readonly desc: DescOneof;
  /** The name in TypeScript. */
  readonly name: string;
  /** The name of the union type. */
  readonly type: string;
}

/** A message with the option `specialized`. */
export interface EnvelopeMessage {
  readonly desc: DescMessage;
  /** The name of its type in TypeScript, as protobuf-es has it. */
  readonly name: string;
  /** The fields, by number. */
  readonly fields: readonly EnvelopeField[];
  readonly oneofs: readonly EnvelopeOneof[];
}

/** Finds the messages of `file` that have the option `specialized`, in order. Throws a SchemaError where one cannot be. */
export function findEnvelope(file: DescFile, options: OptionReader): EnvelopeMessage[] {
  const messages: EnvelopeMessage[] = [];
  for (const desc of nestedTypes(file)) {
    if (desc.kind === "message" && options.message(desc, "specialized") === true) {
      checkRecursion(desc, [], options);
      messages.push(readMessage(desc, options));
    }
  }
  return messages;
}

/** The name of the TypeScript type of a message, as protobuf-es makes it. */
export function shapeName(desc: DescMessage): string {
  const prefix = desc.file.proto.package === "" ? "" : `${desc.file.proto.package}.`;
  return desc.typeName.slice(prefix.length).replaceAll(".", "_");
}

function readMessage(desc: DescMessage, options: OptionReader): EnvelopeMessage {
  const name = shapeName(desc);
  const oneofs = desc.oneofs.map((oneof) => ({
    desc: oneof,
    name: oneof.localName,
    type: `${name}${oneof.localName[0]?.toUpperCase()}${oneof.localName.slice(1)}`,
  }));
  const fields = desc.fields
    .map((field) => readField(field, oneofs, options))
    .sort((a, b) => a.desc.number - b.desc.number);
  return { desc, name, fields, oneofs };
}

function readField(desc: DescField, oneofs: readonly EnvelopeOneof[], options: OptionReader): EnvelopeField {
  const kind = kindOf(desc, options);
  return {
    desc,
    name: desc.localName,
    kind,
    type: kind === "message" && desc.message ? shapeName(desc.message) : TYPES[kind],
    repeated: desc.fieldKind === "list",
    optional: desc.oneof === undefined && desc.fieldKind !== "list" && (desc.proto.proto3Optional || desc.message !== undefined),
    oneof: oneofs.find((oneof) => oneof.desc === desc.oneof),
  };
}

const TYPES: Readonly<Record<EnvelopeKind, string>> = {
  uint64: "number",
  uint32: "number",
  enum: "number",
  bool: "boolean",
  string: "string",
  bytes: "Uint8Array",
  opaque: "Uint8Array",
  message: "",
};

const SCALARS: ReadonlyMap<ScalarType, EnvelopeKind> = new Map([
  [ScalarType.UINT64, "uint64"],
  [ScalarType.UINT32, "uint32"],
  [ScalarType.BOOL, "bool"],
  [ScalarType.STRING, "string"],
  [ScalarType.BYTES, "bytes"],
]);

function kindOf(desc: DescField, options: OptionReader): EnvelopeKind {
  if (desc.message !== undefined && desc.fieldKind !== "map") {
    if (options.message(desc.message, "specialized") !== true) return "opaque";
    if (desc.message.file === desc.parent.file) return "message";
    throw schemaError(desc, `${desc.message.typeName} is specialized and must stand in the same file`);
  }
  if (desc.fieldKind === "enum" && desc.enum.open) return "enum";
  const kind = desc.fieldKind === "scalar" ? SCALARS.get(desc.scalar) : undefined;
  if (kind !== undefined) return kind;
  throw schemaError(desc, `${desc.name} has a type that a specialized message cannot have`);
}

function checkRecursion(desc: DescMessage, above: readonly DescMessage[], options: OptionReader): void {
  if (above.includes(desc)) throw schemaError(desc, `${desc.name} is specialized and contains itself`);
  for (const field of desc.fields) {
    if (field.message !== undefined && options.message(field.message, "specialized") === true) {
      checkRecursion(field.message, [...above, desc], options);
    }
  }
}
