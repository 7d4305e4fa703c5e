import { type DescField, type DescFile, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { problemAt } from "../problem.ts";

/** How a value is encoded: the end of the names of the methods that write it. */
export type ValueKind = "string" | "data" | "bool" | "int32" | "uint32" | "varint64" | "fixed64" | "double" | "message";

/** One field of a message that code is generated for. */
export interface CodecField {
  readonly desc: DescField;
  /** Its kind, or that of its elements or values. */
  readonly kind: ValueKind;
  /** Its tag, or that of each of its elements, as in the wire format. */
  readonly tag: number;
}

/** A message that code is generated for. */
export interface CodecMessage {
  readonly desc: DescMessage;
  /** In the order of their numbers. */
  readonly fields: readonly CodecField[];
}

const PROTO3 = 999;
/** Their numbers fit into one word. */
const MAX_NUMBER = 31;

const KINDS: ReadonlyMap<ScalarType, ValueKind> = new Map([
  [ScalarType.STRING, "string"],
  [ScalarType.BYTES, "data"],
  [ScalarType.BOOL, "bool"],
  [ScalarType.INT32, "int32"],
  [ScalarType.UINT32, "uint32"],
  [ScalarType.INT64, "varint64"],
  [ScalarType.UINT64, "varint64"],
  [ScalarType.FIXED64, "fixed64"],
  [ScalarType.DOUBLE, "double"],
]);

const WIRE_TYPES: Readonly<Record<ValueKind, number>> = {
  string: 2,
  data: 2,
  message: 2,
  bool: 0,
  int32: 0,
  uint32: 0,
  varint64: 0,
  fixed64: 1,
  double: 1,
};

/** The types of google.protobuf that `src/wire/message-codec.ts` has the code of. */
const KNOWN_TYPES = ["google.protobuf.Timestamp", "google.protobuf.Duration"];

/** The messages of a file, with what code is generated from. Adds to `problems` what cannot be generated. */
export function findMessages(file: DescFile, problems: string[]): CodecMessage[] {
  return [...nestedTypes(file)].flatMap((desc) => (desc.kind === "message" ? [toMessage(desc, problems)] : []));
}

function toMessage(desc: DescMessage, problems: string[]): CodecMessage {
  const fields = [...desc.fields].sort((a, b) => a.number - b.number);
  return { desc, fields: fields.flatMap((field) => toField(field, problems)) };
}

function toField(desc: DescField, problems: string[]): CodecField[] {
  const kind = Number(desc.parent.file.edition) === PROTO3 ? kindOf(desc) : undefined;
  if (kind === undefined || desc.number > MAX_NUMBER) {
    problems.push(problemAt(desc, `no code can be generated for ${desc.parent.typeName}.${desc.name}`));
    return [];
  }
  const wireType = desc.fieldKind === "map" ? 2 : WIRE_TYPES[kind];
  return [{ desc, kind, tag: (desc.number << 3) | wireType }];
}

function kindOf(desc: DescField): ValueKind | undefined {
  if ("longAsString" in desc && desc.longAsString) return undefined;
  if (desc.fieldKind === "map" && desc.mapKey !== ScalarType.STRING) return undefined;
  if (desc.enum !== undefined) return "int32";
  if (desc.message !== undefined) return isKnown(desc.message) ? "message" : undefined;
  return desc.scalar === undefined ? undefined : KINDS.get(desc.scalar);
}

function isKnown({ typeName }: DescMessage): boolean {
  return !typeName.startsWith("google.protobuf.") || KNOWN_TYPES.includes(typeName);
}

/** The tag of a packed list, or of the value of an entry of a map. */
export function tagOf(number: number, kind: ValueKind): number {
  return (number << 3) | WIRE_TYPES[kind];
}
