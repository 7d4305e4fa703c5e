import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import { readVarint64 } from "./bigint.ts";
import { type UnknownField, WireReader } from "./codec.ts";
import { type Loose, WireWriter } from "./wire-writer.ts";

/** How much of a message is made text at once, for its strings to be parts of. */
export const TEXT_BYTES = 512;

export { readFixed64, readVarint64 } from "./bigint.ts";

/** As deep as the general codec goes. */
const MAX_NESTING = 100;
const KEY_TAG = 0x0a;
const SECONDS_TAG = 0x08;
const NANOS_TAG = 0x10;
const TIME_NUMBERS = 0b110;

/**
 * Reads a message from where the reader is up to `end`. Throws for what is left to the general codec: what is malformed,
 * and what is rare. @param depth How many messages there are around it, with that.
 */
export type ReadMessage<T> = (reader: WireReader, end: number, depth: number) => T;

/** Writes the fields of a message, or of what stands for one. Throws for what is left to the general codec. */
export type WriteMessage = (writer: WireWriter, message: Loose) => void;

/** The code of one message type. */
export interface MessageCode<T = object> {
  readonly read: ReadMessage<T>;
  readonly write: WriteMessage;
}

/** The generated code of messages, by their full names. */
export type MessageCodes = Readonly<Record<string, MessageCode>>;

/** Decodes a message. Bytes in it are views. Undefined: it is for the general codec, which gives the same where both do. */
export function decodeMessage<T>({ read }: MessageCode<T>, bytes: Uint8Array): T | undefined {
  try {
    return read(new WireReader(bytes, TEXT_BYTES), bytes.length, 1);
  } catch {
    return undefined;
  }
}

let idle: WireWriter | undefined;

/** Encodes a message, or what stands for one. Undefined: it is for the general codec, which gives the same where both do. */
export function encodeMessage({ write }: Pick<MessageCode, "write">, message: object): Uint8Array | undefined {
  // A property of the message may be a getter that encodes another one.
  const writer = idle ?? new WireWriter();
  idle = undefined;
  try {
    write(writer, message as Loose);
    return writer.finish();
  } catch {
    return undefined;
  } finally {
    writer.reset();
    idle = writer;
  }
}

/** Goes on where what comes is what nearly always comes. */
export function assume(isUsual: boolean): asserts isUsual {
  if (!isUsual) throw unusual;
}

const unusual: Error = /*@__PURE__*/ new Error("left to the general codec");

/** Begins to read a message. */
export function enter(depth: number): void {
  if (depth > MAX_NESTING) throw unusual;
}

/** Ends to read one: nothing in it reached beyond its end. */
export function leave(reader: WireReader, end: number): void {
  if (reader.pos !== end) throw unusual;
}

/** A field that a message has already; a second one would be merged with it, or take its place. */
export function assumeNone(value: unknown): void {
  if (value !== undefined) throw unusual;
}

/**
 * Keeps a field that the schema does not have.
 * @param numbers One bit for each number that it has: such a field in another form is rare.
 */
export function keepUnknown(
  unknown: UnknownField[] | undefined,
  reader: WireReader,
  tag: number,
  depth: number,
  numbers: number,
): UnknownField[] {
  const no = tag >>> 3;
  if (no < 32 && (numbers >>> no) & 1) throw unusual;
  const list = unknown ?? [];
  list.push(reader.unknown(tag, depth));
  return list;
}

/** Reads the key of an entry of a map, and the tag of its value. */
export function readKey(reader: WireReader, valueTag: number): string {
  assume(reader.tag() === KEY_TAG);
  const key = reader.string();
  assume(key !== "__proto__" && reader.tag() === valueTag);
  return key;
}

type TimeOf<Name extends string> = { $typeName: Name; seconds: bigint; nanos: number; $unknown?: UnknownField[] };

function readTime<Name extends string>($typeName: Name, reader: WireReader, end: number, depth: number): TimeOf<Name> {
  enter(depth);
  let seconds = 0n;
  let nanos = 0;
  let unknown: UnknownField[] | undefined;
  while (reader.pos < end) {
    const tag = reader.tag();
    if (tag === SECONDS_TAG) seconds = readVarint64(reader);
    else if (tag === NANOS_TAG) nanos = reader.int32();
    else unknown = keepUnknown(unknown, reader, tag, depth, TIME_NUMBERS);
  }
  leave(reader, end);
  const time: TimeOf<Name> = { $typeName, seconds, nanos };
  if (unknown !== undefined) time.$unknown = unknown;
  return time;
}

function writeTime(writer: WireWriter, time: Loose, typeName: string): void {
  writer.begin(time, typeName);
  writer.varint64(SECONDS_TAG, time.seconds);
  writer.int32(NANOS_TAG, time.nanos);
  writer.unknown(time);
}

/** Reads a google.protobuf.Timestamp. */
export function readTimestamp(reader: WireReader, end: number, depth: number): Timestamp {
  return readTime("google.protobuf.Timestamp", reader, end, depth);
}

/** Writes one. */
export function writeTimestamp(writer: WireWriter, time: Loose): void {
  writeTime(writer, time, "google.protobuf.Timestamp");
}

/** Reads a google.protobuf.Duration. */
export function readDuration(reader: WireReader, end: number, depth: number): Duration {
  return readTime("google.protobuf.Duration", reader, end, depth);
}

/** Writes one. */
export function writeDuration(writer: WireWriter, time: Loose): void {
  writeTime(writer, time, "google.protobuf.Duration");
}
