import { create, type DescField, type DescMessage, type MessageShape, ScalarType } from "@bufbuild/protobuf";
import { WireReader } from "../codec.ts";
import {
  child,
  element,
  entry,
  type FieldReader,
  MessageReader,
  oneCase,
  packed,
  singular,
  type ZeroPart,
} from "./field-readers.ts";
import { type ScalarReader, scalarReaders } from "./scalar-reader.ts";
import { isUsualType } from "./usual-type.ts";

const LENGTH_DELIMITED = 2;
/** How much of a message is made text at once. */
const TEXT_BYTES = 512;

/**
 * Makes a decoder of a message type. It gives the same messages as the general one of @bufbuild/protobuf; small ones, of
 * which there are many, in half the time.
 * @returns What decodes a message, or gives undefined for bytes with something rare in them, malformed ones among them.
 *   Undefined for types with something rare in them, as for encoders. Those are for the general codec.
 */
export function compileDecoder<D extends DescMessage>(
  desc: D,
): ((bytes: Uint8Array) => MessageShape<D> | undefined) | undefined {
  const type = compileType(desc, new Map());
  return type === undefined ? undefined : (bytes) => decode(type, bytes) as MessageShape<D> | undefined;
}

function decode(type: MessageReader, bytes: Uint8Array): unknown {
  try {
    return type.readTo(new WireReader(bytes, TEXT_BYTES), bytes.length, 1);
  } catch {
    return undefined;
  }
}

/** @param known The types that are compiled, or just being compiled: a type may contain itself. */
function compileType(desc: DescMessage, known: Map<DescMessage, MessageReader>): MessageReader | undefined {
  const compiled = known.get(desc);
  if (compiled !== undefined) return compiled;
  if (!isUsualType(desc)) return undefined;
  const type = new MessageReader(desc.typeName, toZeroParts(desc), new Set(desc.fields.map(({ number }) => number)));
  known.set(desc, type);
  for (const field of desc.fields) {
    const readers = compileField(field, known);
    if (readers === undefined) return undefined;
    for (const [wireType, read] of readers) type.add(toTag(field.number, wireType), read);
  }
  return type;
}

/** What is there in every message of a type. */
function toZeroParts(desc: DescMessage): ZeroPart[] {
  const zeros = create(desc) as Readonly<Record<string, unknown>>;
  return desc.members.flatMap((member): ZeroPart[] => {
    const { localName: name } = member;
    if (!Object.hasOwn(zeros, name)) return [];
    if (member.kind === "oneof") return [{ name, kind: "oneof" }];
    if (member.fieldKind === "list" || member.fieldKind === "map") return [{ name, kind: member.fieldKind }];
    const zero = zeros[name];
    return [zero instanceof Uint8Array ? { name, kind: "bytes" } : { name, kind: "shared", zero }];
  });
}

/** What reads a field, by the wire types that it may come with. */
function compileField(
  field: DescField,
  known: Map<DescMessage, MessageReader>,
): ReadonlyArray<readonly [wireType: number, read: FieldReader]> | undefined {
  const { localName: name } = field;
  if ("delimitedEncoding" in field && field.delimitedEncoding) return undefined;
  const scalar = scalarOf(field);
  const type = scalar === undefined && field.message !== undefined ? compileType(field.message, known) : undefined;
  const read = scalar?.read ?? type?.read;
  if (read === undefined) return undefined;
  const wireType = scalar?.wireType ?? LENGTH_DELIMITED;
  if (field.fieldKind === "map") {
    const isText = field.mapKey === ScalarType.STRING;
    return isText ? [[LENGTH_DELIMITED, entry(name, read, toTag(2, wireType))]] : undefined;
  }
  if (field.fieldKind === "list") {
    const single = [wireType, element(name, read)] as const;
    return wireType === LENGTH_DELIMITED ? [single] : [single, [LENGTH_DELIMITED, packed(name, read)]];
  }
  if (field.oneof !== undefined) return [[wireType, oneCase(field.oneof.localName, name, read)]];
  return [[wireType, type === undefined ? singular(name, read) : child(name, read)]];
}

function toTag(number: number, wireType: number): number {
  return ((number << 3) | wireType) >>> 0;
}

function scalarOf(field: DescField): ScalarReader | undefined {
  if ("longAsString" in field && field.longAsString) return undefined;
  if (field.enum !== undefined) return scalarReaders[ScalarType.INT32];
  return field.scalar === undefined ? undefined : scalarReaders[field.scalar];
}
