import type { DescField, DescFile, DescMessage, DescOneof } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import type { OptionReader } from "../options.ts";
import { problemAt } from "../problem.ts";

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

/** Finds the messages of `file` that have the option `specialized`, in order. Appends to `problems` what cannot be. */
export function findEnvelope(file: DescFile, options: OptionReader, problems: string[]): EnvelopeMessage[] {
  const messages: EnvelopeMessage[] = [];
  for (const desc of nestedTypes(file)) {
    if (desc.kind !== "message" || options.message(desc, "specialized") !== true) continue;
    if (containsItself(desc, [], options))
      problems.push(problemAt(desc, `${desc.name} is specialized and contains itself`));
    else messages.push(readMessage(desc, options, problems));
  }
  return messages;
}

/** The name of the TypeScript type of a message, as protobuf-es makes it. */
export function shapeName(desc: DescMessage): string {
  const prefix = desc.file.proto.package === "" ? "" : `${desc.file.proto.package}.`;
  return desc.typeName.slice(prefix.length).replaceAll(".", "_");
}

/** The property of every shape that has the fields which the schema does not know. */
const UNKNOWN = "unknown";

function readMessage(desc: DescMessage, options: OptionReader, problems: string[]): EnvelopeMessage {
  const name = shapeName(desc);
  const oneofs = desc.oneofs.map((oneof) => ({
    desc: oneof,
    name: oneof.localName,
    type: `${name}${oneof.localName[0]?.toUpperCase()}${oneof.localName.slice(1)}`,
  }));
  for (const member of desc.members) {
    if (member.localName === UNKNOWN) problems.push(problemAt(member, "`unknown` is the name of the unknown fields"));
  }
  const fields = desc.fields
    .flatMap((field) => readField(field, oneofs, options, problems))
    .sort((a, b) => a.desc.number - b.desc.number);
  return { desc, name, fields, oneofs };
}

function readField(
  desc: DescField,
  oneofs: readonly EnvelopeOneof[],
  options: OptionReader,
  problems: string[],
): EnvelopeField[] {
  const kind = kindOf(desc, options);
  if (kind === undefined) {
    problems.push(problemAt(desc, `${desc.name} has a type that a specialized message cannot have`));
    return [];
  }
  if (kind === "message" && desc.message?.file !== desc.parent.file) {
    problems.push(problemAt(desc, `${desc.message?.typeName} is specialized and must stand in the same file`));
  }
  const repeated = desc.fieldKind === "list";
  const explicit = desc.proto.proto3Optional || desc.message !== undefined;
  return [
    {
      desc,
      name: desc.localName,
      kind,
      type: kind === "message" && desc.message ? shapeName(desc.message) : TYPES[kind],
      repeated,
      optional: explicit && !repeated && desc.oneof === undefined,
      oneof: oneofs.find((oneof) => oneof.desc === desc.oneof),
    },
  ];
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

function kindOf(desc: DescField, options: OptionReader): EnvelopeKind | undefined {
  switch (desc.fieldKind) {
    case "message":
      return messageKind(desc.message, options);
    case "list":
      return desc.listKind === "message" ? messageKind(desc.message, options) : undefined;
    case "enum":
      return desc.enum.open ? "enum" : undefined;
    case "scalar":
      return SCALARS.get(desc.scalar);
    default:
      return undefined;
  }
}

function messageKind(desc: DescMessage, options: OptionReader): EnvelopeKind {
  return options.message(desc, "specialized") === true ? "message" : "opaque";
}

function containsItself(desc: DescMessage, above: readonly DescMessage[], options: OptionReader): boolean {
  if (above.includes(desc)) return true;
  const below = desc.fields.flatMap(({ message }) =>
    message && messageKind(message, options) === "message" ? [message] : [],
  );
  return below.some((message) => containsItself(message, [...above, desc], options));
}
