import { getTextEncoding } from "@bufbuild/protobuf/wire";
import { writeVarint } from "./codec.ts";

/** Bytes that a length, or another 32-bit integer, takes. */
export function sizeVarint(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
}

/** Writes a text as UTF-8 behind its length, where there is room for 3 bytes a character and 5; returns the position after it. */
export function writeText(bytes: Uint8Array, start: number, text: string): number {
  const { length } = text;
  if (length > maxShortChars) return writeLongText(bytes, start, text);
  bytes[start] = length;
  for (let i = 0; i < length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return writeLongText(bytes, start, text);
    bytes[start + 1 + i] = code;
  }
  return start + 1 + length;
}

function writeLongText(bytes: Uint8Array, start: number, text: string): number {
  // As many bytes as the length of an ASCII text would take; the text is moved where it takes more.
  const guess = start + sizeVarint(text.length);
  const length = writeUtf8(bytes, guess, text);
  const begin = start + sizeVarint(length);
  if (begin !== guess) bytes.copyWithin(begin, guess, guess + length);
  return writeVarint(bytes, start, length) + length;
}

type Utf8Write = (this: Uint8Array, text: string, offset: number) => number;

/** Node's own, where there is one. */
const utf8Write: Utf8Write | undefined = /*@__PURE__*/ findUtf8Write();

/** Longer texts are written by the platform: what calling it costs is less than writing them here. */
const maxShortChars = utf8Write === undefined ? 64 : 20;

function findUtf8Write(): Utf8Write | undefined {
  const { Buffer } = globalThis as { readonly Buffer?: { readonly prototype?: { readonly utf8Write?: Utf8Write } } };
  const write = Buffer?.prototype?.utf8Write;
  return typeof write === "function" ? write : undefined;
}

function writeUtf8(bytes: Uint8Array, offset: number, text: string): number {
  if (utf8Write !== undefined) return utf8Write.call(bytes, text, offset);
  return getTextEncoding().encodeUtf8Into(text, bytes.subarray(offset)).written;
}
