import { create, type DescField, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { WireReader } from "../codec.ts";
import { assume, scalarEncoders } from "./scalar-encoder.ts";
import { type ScalarReader, scalarReaders } from "./scalar-readers.ts";
import { isUsualField, isUsualType, scalarTypeOf } from "./usual-types.ts";

/** A message that is being read, by the names of its properties. */
type Fields = Record<string, unknown>;

/** Reads what stands behind the tag of a field into a message `depth` levels deep. */
type FieldReader = (message: Fields, reader: WireReader, depth: number) => void;

/** A oneof of a message. */
interface Oneof {
  readonly case?: string;
  readonly value?: unknown;
}

const DELIMITED = 2;
const MAX_NESTING = 100;

/**
 * Makes a decoder of a message type. It gives the same messages as the general one of @bufbuild/protobuf, with a part of
 * its work: what is to be done for a tag is found out once. Bytes fields are views.
 * @returns What decodes a message, or gives undefined for one with something rare in it, fields that are not known and
 *   everything malformed included. Undefined for types with something rare in them, as with `compileEncoder`.
 */
export function compileDecoder<D extends DescMessage>(
  desc: D,
): ((bytes: Uint8Array) => MessageShape<D> | undefined) | undefined {
  const type = compileType(desc, new Map());
  return type === undefined ? undefined : (bytes) => decode(type, bytes) as MessageShape<D> | undefined;
}

function decode(type: MessageReader, bytes: Uint8Array): Fields | undefined {
  try {
    return type.read(undefined, new WireReader(bytes), bytes.length, 1);
  } catch {
    return undefined;
  }
}

/** Messages of one type. */
class MessageReader {
  /** What reads its fields, by their tags. */
  readonly fields = new Map<number, FieldReader>();
  private readonly desc: DescMessage;

  constructor(desc: DescMessage) {
    this.desc = desc;
  }

  /** Reads up to `end`, into `target` where there is one. */
  read(target: Fields | undefined, reader: WireReader, end: number, depth: number): Fields {
    assume(depth <= MAX_NESTING);
    const message = target ?? (create(this.desc) as unknown as Fields);
    while (reader.pos < end) {
      const field = this.fields.get(reader.tag());
      assume(field !== undefined);
      field(message, reader, depth);
    }
    assume(reader.pos === end);
    return message;
  }
}

/** @param known The types that are compiled, or just being compiled: a type may contain itself. */
function compileType(desc: DescMessage, known: Map<DescMessage, MessageReader>): MessageReader | undefined {
  const compiled = known.get(desc);
  if (compiled !== undefined) return compiled;
  if (!isUsualType(desc)) return undefined;
  const type = new MessageReader(desc);
  known.set(desc, type);
  return desc.fields.every((field) => compileField(type, field, known)) ? type : undefined;
}

/** Adds what reads the field. @returns false where the field is a rare one. */
function compileField(type: MessageReader, field: DescField, known: Map<DescMessage, MessageReader>): boolean {
  if (!isUsualField(field)) return false;
  const scalar = scalarTypeOf(field);
  if (scalar === undefined) {
    const content = field.message === undefined ? undefined : compileType(field.message, known);
    if (content !== undefined) type.fields.set(tagOf(field, DELIMITED), readerOfMessages(field, content));
    return content !== undefined;
  }
  const read = scalarReaders[scalar];
  const wireType = scalarEncoders[scalar]?.wireType;
  if (read === undefined || wireType === undefined) return false;
  type.fields.set(tagOf(field, wireType), readerOfScalars(field, read));
  // Lists of numbers come packed or one by one, whatever the schema says.
  if (field.fieldKind === "list" && wireType !== DELIMITED) {
    type.fields.set(tagOf(field, DELIMITED), readerOfPacked(field, read));
  }
  return true;
}

function tagOf(field: DescField, wireType: number): number {
  return ((field.number << 3) | wireType) >>> 0;
}

function readerOfScalars({ fieldKind, localName, oneof }: DescField, read: ScalarReader): FieldReader {
  const group = oneof?.localName;
  if (fieldKind === "list") return (message, reader) => void (message[localName] as unknown[]).push(read(reader));
  if (group === undefined) {
    return (message, reader) => {
      message[localName] = read(reader);
    };
  }
  return (message, reader) => {
    message[group] = { case: localName, value: read(reader) };
  };
}

function readerOfPacked({ localName }: DescField, read: ScalarReader): FieldReader {
  return (message, reader) => {
    const list = message[localName] as unknown[];
    const end = reader.limit();
    while (reader.pos < end) list.push(read(reader));
    assume(reader.pos === end);
  };
}

/** A message that comes again is merged with what came before, unless it is an element of a list. */
function readerOfMessages({ fieldKind, localName, oneof }: DescField, type: MessageReader): FieldReader {
  const group = oneof?.localName;
  const read = (target: unknown, reader: WireReader, depth: number): Fields =>
    type.read(target as Fields | undefined, reader, reader.limit(), depth + 1);
  if (fieldKind === "list") {
    return (message, reader, depth) => void (message[localName] as unknown[]).push(read(undefined, reader, depth));
  }
  if (group === undefined) {
    return (message, reader, depth) => {
      message[localName] = read(message[localName], reader, depth);
    };
  }
  return (message, reader, depth) => {
    const before = message[group] as Oneof;
    const target = before.case === localName ? before.value : undefined;
    message[group] = { case: localName, value: read(target, reader, depth) };
  };
}
