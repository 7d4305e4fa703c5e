import { type DescField, type DescMessage, type MessageInitShape, ScalarType } from "@bufbuild/protobuf";
import { encodeMessage, type WriteMessage } from "../message-codec.ts";
import type { Loose, WireWriter } from "../wire-writer.ts";
import { isUsualType } from "./usual-type.ts";

const IMPLICIT = 2;
const LENGTH_DELIMITED = 2;

/** Writes one value with its tag, whatever it is. */
type WriteValue = (writer: WireWriter, tag: number, value: unknown) => void;

/** How the values of a scalar type are written. */
interface ScalarCode {
  readonly wireType: 0 | 1 | 2 | 5;
  readonly put: WriteValue;
  /** The value that is not written where a field has no presence, beside undefined. Of bytes and doubles, it is another test. */
  readonly zero?: unknown;
}

/** One for each scalar type that is not rare. */
const scalars: Readonly<Partial<Record<ScalarType, ScalarCode>>> = {
  [ScalarType.BOOL]: { wireType: 0, zero: false, put: (writer, tag, value) => writer.putBool(tag, value) },
  [ScalarType.INT32]: { wireType: 0, zero: 0, put: (writer, tag, value) => writer.putInt32(tag, value) },
  [ScalarType.UINT32]: { wireType: 0, zero: 0, put: (writer, tag, value) => writer.putUint32(tag, value) },
  [ScalarType.SINT32]: { wireType: 0, zero: 0, put: (writer, tag, value) => writer.putSint32(tag, value) },
  [ScalarType.FIXED32]: { wireType: 5, zero: 0, put: (writer, tag, value) => writer.putFixed32(tag, value) },
  [ScalarType.SFIXED32]: { wireType: 5, zero: 0, put: (writer, tag, value) => writer.putSfixed32(tag, value) },
  [ScalarType.INT64]: { wireType: 0, zero: 0n, put: (writer, tag, value) => writer.putVarint64(tag, value) },
  [ScalarType.UINT64]: { wireType: 0, zero: 0n, put: (writer, tag, value) => writer.putVarint64(tag, value) },
  [ScalarType.FIXED64]: { wireType: 1, zero: 0n, put: (writer, tag, value) => writer.putFixed64(tag, value) },
  [ScalarType.SFIXED64]: { wireType: 1, zero: 0n, put: (writer, tag, value) => writer.putSfixed64(tag, value) },
  [ScalarType.DOUBLE]: { wireType: 1, put: (writer, tag, value) => writer.putDouble(tag, value) },
  [ScalarType.STRING]: { wireType: 2, zero: "", put: (writer, tag, value) => writer.putString(tag, value) },
  [ScalarType.BYTES]: { wireType: 2, put: (writer, tag, value) => writer.putData(tag, value) },
};

/**
 * Makes an encoder of a message type that has no generated code. It gives the same bytes as `create` and the general
 * encoder of @bufbuild/protobuf, faster: what a caller gives is encoded as it is, without a whole message being made of it.
 * @returns What encodes a message, whole or not, or gives undefined for one with something rare in it. Undefined for types
 *   with something rare in them: not proto3, maps with other keys than texts, floats, groups, most types of google.protobuf.
 *   Those are for the general codec.
 */
export function compileEncoder<D extends DescMessage>(
  desc: D,
): ((message: MessageInitShape<D>) => Uint8Array | undefined) | undefined {
  const write = compileType(desc, new Map());
  return write === undefined ? undefined : (message) => encodeMessage({ write }, message);
}

/** @param known The types that are compiled, or just being compiled: a type may contain itself. */
function compileType(desc: DescMessage, known: Map<DescMessage, WriteMessage>): WriteMessage | undefined {
  const compiled = known.get(desc);
  if (compiled !== undefined) return compiled;
  if (!isUsualType(desc)) return undefined;
  const { typeName } = desc;
  const fields: WriteMessage[] = [];
  const write: WriteMessage = (writer, message) => {
    writer.begin(message, typeName);
    for (let i = 0; i < fields.length; i += 1) (fields[i] as WriteMessage)(writer, message);
    writer.unknown(message);
  };
  known.set(desc, write);
  for (const field of [...desc.fields].sort((a, b) => a.number - b.number)) {
    const code = compileField(field, known);
    if (code === undefined) return undefined;
    fields.push(code);
  }
  return write;
}

function compileField(field: DescField, known: Map<DescMessage, WriteMessage>): WriteMessage | undefined {
  if ("delimitedEncoding" in field && field.delimitedEncoding) return undefined;
  const { localName: name, number } = field;
  const scalar = scalarOf(field);
  const put = scalar?.put ?? compileMessage(field, known);
  if (put === undefined) return undefined;
  const wireType = scalar?.wireType ?? LENGTH_DELIMITED;
  const tag = toTag(number, wireType);
  const delimited = toTag(number, LENGTH_DELIMITED);
  if (field.fieldKind === "map") {
    if (field.mapKey !== ScalarType.STRING) return undefined;
    return (writer, message) => writer.map(delimited, message[name], toTag(2, wireType), put);
  }
  if (field.fieldKind === "list") {
    if (field.packed) return (writer, message) => writer.packed(delimited, message[name], put);
    return (writer, message) => {
      for (const value of writer.items(message[name])) put(writer, tag, value);
    };
  }
  if (field.oneof !== undefined) return oneCase(field.oneof.localName, name, tag, put);
  if (Number(field.presence) !== IMPLICIT) return singular(name, tag, undefined, put);
  if (field.scalar === ScalarType.BYTES) return (writer, message) => writer.data(tag, message[name]);
  // -0 is written.
  if (field.scalar === ScalarType.DOUBLE) return (writer, message) => writer.double(tag, message[name]);
  return singular(name, tag, scalar?.zero, put);
}

function singular(name: string, tag: number, zero: unknown, put: WriteValue): WriteMessage {
  return (writer, message) => {
    const value = message[name];
    if (value !== undefined && value !== zero) put(writer, tag, value);
  };
}

function oneCase(group: string, name: string, tag: number, put: WriteValue): WriteMessage {
  return (writer, message) => {
    const oneof = message[group] as Loose | undefined;
    if (oneof !== undefined && oneof.case === name) put(writer, tag, oneof.value);
  };
}

function compileMessage(field: DescField, known: Map<DescMessage, WriteMessage>): WriteValue | undefined {
  const write = field.message === undefined ? undefined : compileType(field.message, known);
  return write === undefined ? undefined : (writer, tag, value) => writer.putMessage(tag, value, write);
}

function toTag(number: number, wireType: number): number {
  return ((number << 3) | wireType) >>> 0;
}

function scalarOf(field: DescField): ScalarCode | undefined {
  if ("longAsString" in field && field.longAsString) return undefined;
  if (field.enum !== undefined) return scalars[ScalarType.INT32];
  return field.scalar === undefined ? undefined : scalars[field.scalar];
}
