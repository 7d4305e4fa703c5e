import { getTextEncoding } from "@bufbuild/protobuf/wire";

/**
 * Why bytes could not be decoded, or a value not be encoded:
 *
 * - `truncated`: something reaches past the end of the bytes.
 * - `illegal_tag`: a field number 0, a wire type that does not exist, or a tag over 32 bits.
 * - `illegal_varint`: a varint of more than 10 bytes.
 * - `illegal_group`: a group that ends where none began, ends as another one, or is nested too deep.
 * - `illegal_utf8`: a string that is not UTF-8.
 * - `out_of_range`: an integer that the field cannot hold; for 64-bit fields anything over 2^53 - 1.
 */
export type CodecErrorReason =
  | "truncated"
  | "illegal_tag"
  | "illegal_varint"
  | "illegal_group"
  | "illegal_utf8"
  | "out_of_range";

/** Thrown by the generated envelope codec, and by nothing else. `PACKET_MALFORMED` on the wire. */
export class CodecError extends Error {
  /** What was wrong. */
  readonly reason: CodecErrorReason;

  constructor(reason: CodecErrorReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CodecError";
    this.reason = reason;
  }
}

/** A field that the schema of this version does not have, kept so that it is encoded again. */
export interface UnknownField {
  /** The number of the field. */
  readonly no: number;
  /** The protobuf wire type, 0 to 5. */
  readonly wireType: number;
  /** The encoded value without its tag; a view into the decoded bytes. */
  readonly data: Uint8Array;
}

const MAX_NESTING = 100;
/** Longer strings are no parts of a text around them. */
const MAX_PART_BYTES = 256;
const SHORT_STRING_BYTES = 32;
const MAX_SAFE_HIGH_WORD = 0x1fffff;
const TWO_TO_32 = 0x1_0000_0000;

/**
 * Reads protobuf's wire format from one array of bytes. Accepts and refuses exactly what the general codec does, but for
 * 64-bit integers over 2^53 - 1, which are refused. Every method throws a CodecError.
 */
export class WireReader {
  /** The bytes. */
  readonly bytes: Uint8Array;
  /** Where the next read begins. */
  pos = 0;
  // Kept here because reading them from a typed array costs as much as making a view. Undefined until there is one.
  #buffer: ArrayBufferLike | undefined = undefined;
  #byteOffset = 0;
  readonly #textBytes: number;
  #hasString = false;
  #text = "";
  #textStart = 0;
  #textEnd = 0;

  /**
   * @param bytes What is read.
   * @param textBytes How many bytes are made text at once, of which the strings but the first are then parts. It makes messages with many strings
   *   several times as fast; each string keeps that much in memory. Default: only those of the string itself.
   */
  constructor(bytes: Uint8Array, textBytes = 0) {
    this.bytes = bytes;
    this.#textBytes = sliceLatin1 === undefined ? 0 : textBytes;
  }

  /** Reads a tag: field number << 3 | wire type, both legal. */
  tag(): number {
    const byte = this.bytes[this.pos] as number;
    if (byte < 0x80 && byte > 7 && (byte & 7) < 6) {
      this.pos++;
      return byte;
    }
    return this.#longTag();
  }

  /** Reads a varint and keeps its low 32 bits, unsigned. */
  uint32(): number {
    const value = this.#shortVarint();
    return value >= 0 ? value : this.#words()[0];
  }

  /** Reads an enum value: a varint, its low 32 bits, signed. */
  int32(): number {
    return this.uint32() | 0;
  }

  /** Reads a 64-bit varint, at most 2^53 - 1. */
  uint64(): number {
    const value = this.#shortVarint();
    if (value >= 0) return value;
    const [low, high] = this.#words();
    if (high > MAX_SAFE_HIGH_WORD) throw new CodecError("out_of_range", "integer over 2^53 - 1");
    return high * TWO_TO_32 + low;
  }

  /** Reads a bool: a varint that is not 0. */
  bool(): boolean {
    const value = this.#shortVarint();
    if (value >= 0) return value !== 0;
    const [low, high] = this.#words();
    return low !== 0 || high !== 0;
  }

  /** Reads 32 bits, least significant byte first, unsigned. */
  fixed32(): number {
    const { bytes, pos } = this;
    if (pos + 4 > bytes.length) throw truncated();
    this.pos = pos + 4;
    const upper = ((bytes[pos + 3] as number) << 8) | (bytes[pos + 2] as number);
    return ((upper << 16) | ((bytes[pos + 1] as number) << 8) | (bytes[pos] as number)) >>> 0;
  }

  /** Reads a double. */
  double(): number {
    const start = this.pos;
    if (start + 8 > this.bytes.length) throw truncated();
    this.pos = start + 8;
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + start, 8).getFloat64(0, true);
  }

  /** Reads a length and returns the position where what follows ends. */
  limit(): number {
    const length = this.uint32();
    const end = this.pos + length;
    if (end > this.bytes.length) throw truncated();
    return end;
  }

  /** Reads bytes as a view, without a copy. */
  view(): Uint8Array {
    const end = this.limit();
    const start = this.pos;
    this.pos = end;
    return this.#viewOf(start, end);
  }

  /** Reads a string. */
  string(): string {
    const end = this.limit();
    const start = this.pos;
    this.pos = end;
    const { bytes } = this;
    // The first one costs less by itself; most messages with a second one have many.
    if (this.#textBytes !== 0 && this.#hasString) return this.#part(start, end);
    this.#hasString = true;
    if (end - start > maxCodes) return decodeUtf8(bytes, start, end);
    const codes = new Array<number>(end - start);
    for (let i = start; i < end; i++) {
      const byte = bytes[i] as number;
      if (byte > 0x7f) return decodeUtf8(bytes, start, end);
      codes[i - start] = byte;
    }
    return String.fromCharCode.apply(String, codes);
  }

  /** Steps over the field of a tag that the schema does not know, in a message `depth` levels deep (from 1). */
  unknown(tag: number, depth: number): UnknownField {
    const start = this.pos;
    this.#skip(tag, MAX_NESTING - depth);
    return { no: tag >>> 3, wireType: tag & 7, data: this.#viewOf(start, this.pos) };
  }

  #viewOf(start: number, end: number): Uint8Array {
    if (this.#buffer === undefined) {
      this.#buffer = this.bytes.buffer;
      this.#byteOffset = this.bytes.byteOffset;
    }
    return new Uint8Array(this.#buffer, this.#byteOffset + start, end - start);
  }

  /** A string as a part of the text around it, where it is ASCII, as most are. */
  #part(start: number, end: number): string {
    const { bytes } = this;
    if (end - start > MAX_PART_BYTES) return decodeUtf8(bytes, start, end);
    for (let i = start; i < end; i++) if ((bytes[i] as number) > 0x7f) return decodeUtf8(bytes, start, end);
    if (end > this.#textEnd) {
      this.#textStart = start;
      this.#textEnd = Math.max(end, Math.min(start + this.#textBytes, bytes.length));
      this.#text = (sliceLatin1 as Slice).call(bytes, start, this.#textEnd);
    }
    return this.#text.substring(start - this.#textStart, end - this.#textStart);
  }

  #skip(tag: number, nesting: number): void {
    switch (tag & 7) {
      case 0:
        while ((this.bytes[this.pos++] as number) & 0x80) {}
        break;
      case 1:
        this.pos += 8;
        break;
      case 2:
        this.pos = this.limit();
        break;
      case 3:
        this.#skipGroup(tag >>> 3, nesting);
        break;
      case 5:
        this.pos += 4;
        break;
      default:
        throw new CodecError("illegal_group", "end of a group that has not begun");
    }
    if (this.pos > this.bytes.length) throw truncated();
  }

  #skipGroup(no: number, nesting: number): void {
    if (nesting <= 0) throw new CodecError("illegal_group", "groups nested too deep");
    for (;;) {
      const tag = this.tag();
      if ((tag & 7) === 4) {
        if (tag >>> 3 !== no) throw new CodecError("illegal_group", "end of another group");
        return;
      }
      this.#skip(tag, nesting - 1);
    }
  }

  #longTag(): number {
    const start = this.pos;
    const tag = this.uint32();
    const length = this.pos - start;
    if (length > 5 || (length === 5 && (this.bytes[this.pos - 1] as number) > 0x0f) || tag < 8 || (tag & 7) > 5) {
      throw new CodecError("illegal_tag", `illegal tag at byte ${start}`);
    }
    return tag;
  }

  /** Reads a varint of up to 4 bytes. Of a longer or a truncated one it reads nothing, and returns -1. */
  #shortVarint(): number {
    const { bytes, pos } = this;
    let byte = bytes[pos] as number;
    if (byte < 0x80) {
      this.pos = pos + 1;
      return byte;
    }
    let value = byte & 0x7f;
    for (let i = 1; i < 4; i++) {
      byte = bytes[pos + i] as number;
      value |= (byte & 0x7f) << (7 * i);
      if (byte < 0x80) {
        this.pos = pos + i + 1;
        return value;
      }
    }
    return -1;
  }

  #words(): [low: number, high: number] {
    let low = 0;
    let high = 0;
    for (let i = 0; i < 10; i++) {
      const byte = this.bytes[this.pos++];
      if (byte === undefined) throw truncated();
      if (i < 5) low |= (byte & 0x7f) << (7 * i);
      if (i === 4) high = (byte & 0x70) >> 4;
      if (i > 4) high |= (byte & 0x7f) << (7 * i - 32);
      if (byte < 0x80) return [low >>> 0, high >>> 0];
    }
    throw new CodecError("illegal_varint", "varint over 10 bytes");
  }
}

function truncated(): CodecError {
  return new CodecError("truncated", "unexpected end of the bytes");
}

/** Node's own, where there is one: several times as fast, but it puts U+FFFD in the place of what is not UTF-8. */
const sliceUtf8 = /*@__PURE__*/ findSlice("utf8Slice");

/** The same for bytes of which each is a character. */
const sliceLatin1 = /*@__PURE__*/ findSlice("latin1Slice");

/** The longest string that is read code by code. */
const maxCodes = sliceUtf8 === undefined ? SHORT_STRING_BYTES : 10;

type Slice = (this: Uint8Array, start: number, end: number) => string;

function findSlice(name: "utf8Slice" | "latin1Slice"): Slice | undefined {
  const { Buffer } = globalThis as { readonly Buffer?: { readonly prototype?: Readonly<Record<string, Slice>> } };
  const slice = Buffer?.prototype?.[name];
  return typeof slice === "function" ? slice : undefined;
}

function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  const text = sliceUtf8?.call(bytes, start, end);
  if (text !== undefined && !text.includes("\ufffd")) return text;
  try {
    return getTextEncoding().decodeUtf8(bytes.subarray(start, end), true);
  } catch (cause) {
    throw new CodecError("illegal_utf8", "string is not UTF-8", { cause });
  }
}

/** The list to append to: `list` itself, which the decoder made, or a new one where it is still the shared empty one. */
export function growable<T>(list: readonly T[], empty: readonly T[]): T[] {
  return list === empty ? [] : (list as T[]);
}

/** Two encoded messages after each other, which protobuf decodes to the merge of both. */
export function mergeBytes(first: Uint8Array | undefined, second: Uint8Array): Uint8Array {
  if (first === undefined || first.length === 0) return second;
  const merged = new Uint8Array(first.length + second.length);
  merged.set(first);
  merged.set(second, first.length);
  return merged;
}

/** Bytes that a 32-bit unsigned integer takes. Throws a CodecError if it is none. */
export function sizeUint32(value: number): number {
  if (value >>> 0 !== value) throw new CodecError("out_of_range", `not a 32-bit unsigned integer: ${value}`);
  return sizeVarint32(value);
}

/** Bytes that an enum value takes. Throws a CodecError if it is no 32-bit signed integer. */
export function sizeInt32(value: number): number {
  if ((value | 0) !== value) throw new CodecError("out_of_range", `not a 32-bit signed integer: ${value}`);
  return value < 0 ? 10 : sizeVarint32(value);
}

/** Bytes that an integer from 0 to 2^53 - 1 takes. Throws a CodecError if it is none. */
export function sizeUint64(value: number): number {
  if (value >>> 0 === value) return sizeVarint32(value);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new CodecError("out_of_range", `not an integer from 0 to 2^53 - 1: ${value}`);
  }
  return value < 2 ** 35 ? 5 : value < 2 ** 42 ? 6 : value < 2 ** 49 ? 7 : 8;
}

function sizeVarint32(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
}

/** Bytes that something of `length` bytes takes with its length before it. */
export function sizeDelimited(length: number): number {
  return sizeVarint32(length) + length;
}

/** Bytes that a string takes in UTF-8, with its length before it. */
export function sizeString(text: string): number {
  return sizeDelimited(utf8Length(text));
}

/** Bytes that unknown fields take. */
export function sizeUnknown(fields: readonly UnknownField[]): number {
  let size = 0;
  for (const field of fields) size += sizeVarint32((field.no << 3) >>> 0) + field.data.length;
  return size;
}

/** Writes an integer from 0 to 2^53 - 1 and returns the position after it. */
export function writeVarint(bytes: Uint8Array, offset: number, value: number): number {
  if (value < 0x80) {
    bytes[offset] = value;
    return offset + 1;
  }
  let pos = offset;
  let rest = value;
  while (rest >= 0x10000000) {
    bytes[pos++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  while (rest > 0x7f) {
    bytes[pos++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[pos++] = rest;
  return pos;
}

/** Writes an enum value and returns the position after it. */
export function writeInt32(bytes: Uint8Array, offset: number, value: number): number {
  if (value >= 0) return writeVarint(bytes, offset, value);
  let pos = offset;
  let rest = value;
  for (let i = 0; i < 9; i++) {
    bytes[pos++] = (rest & 0x7f) | 0x80;
    rest >>= 7;
  }
  bytes[pos++] = 1;
  return pos;
}

/** Writes bytes after their length and returns the position after them. */
export function writeBytes(bytes: Uint8Array, offset: number, value: Uint8Array): number {
  const pos = writeVarint(bytes, offset, value.length);
  bytes.set(value, pos);
  return pos + value.length;
}

/** Writes a string as UTF-8 after its length and returns the position after it. */
export function writeString(bytes: Uint8Array, offset: number, text: string): number {
  const { length } = text;
  if (length > SHORT_STRING_BYTES) return writeLongString(bytes, offset, text);
  bytes[offset] = length;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return writeLongString(bytes, offset, text);
    bytes[offset + 1 + i] = code;
  }
  return offset + 1 + length;
}

function writeLongString(bytes: Uint8Array, offset: number, text: string): number {
  const pos = writeVarint(bytes, offset, utf8Length(text));
  return pos + getTextEncoding().encodeUtf8Into(text, bytes.subarray(pos)).written;
}

/** Writes unknown fields, each after its tag, and returns the position after them. */
export function writeUnknown(bytes: Uint8Array, offset: number, fields: readonly UnknownField[]): number {
  let pos = offset;
  for (const field of fields) {
    pos = writeVarint(bytes, pos, ((field.no << 3) | field.wireType) >>> 0);
    bytes.set(field.data, pos);
    pos += field.data.length;
  }
  return pos;
}

function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) continue;
    if (code < 0x800) {
      length += 1;
    } else if (code >= 0xd800 && code < 0xdc00 && isLowSurrogate(text.charCodeAt(i + 1))) {
      length += 2;
      i++;
    } else {
      length += 2;
    }
  }
  return length;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code < 0xe000;
}
