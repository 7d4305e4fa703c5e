import { ScalarType } from "@bufbuild/protobuf";
import { readFixed64, readVarint64 } from "../bigint.ts";
import type { WireReader } from "../codec.ts";
import type { ValueReader } from "./field-readers.ts";

/** Reads the values of one scalar type, without their tags. */
export interface ScalarReader {
  /** How the wire format delimits it. 0: varint. 1: 64 bits. 2: a length. 5: 32 bits. */
  readonly wireType: 0 | 1 | 2 | 5;
  /** Reads one. */
  readonly read: ValueReader;
}

/** One for each scalar type that is not rare. Varints over 2^53 - 1, and below 0, are, and throw. */
export const scalarReaders: Readonly<Partial<Record<ScalarType, ScalarReader>>> = {
  [ScalarType.BOOL]: { wireType: 0, read: (reader) => reader.bool() },
  [ScalarType.INT32]: { wireType: 0, read: (reader) => reader.int32() },
  [ScalarType.UINT32]: { wireType: 0, read: (reader) => reader.uint32() },
  [ScalarType.SINT32]: { wireType: 0, read: readZigzag },
  [ScalarType.FIXED32]: { wireType: 5, read: (reader) => reader.fixed32() },
  [ScalarType.SFIXED32]: { wireType: 5, read: (reader) => reader.fixed32() | 0 },
  [ScalarType.INT64]: { wireType: 0, read: readVarint64 },
  [ScalarType.UINT64]: { wireType: 0, read: readVarint64 },
  [ScalarType.FIXED64]: { wireType: 1, read: readFixed64 },
  [ScalarType.SFIXED64]: { wireType: 1, read: (reader) => BigInt.asIntN(64, readFixed64(reader)) },
  [ScalarType.DOUBLE]: { wireType: 1, read: (reader) => reader.double() },
  [ScalarType.STRING]: { wireType: 2, read: (reader) => reader.string() },
  [ScalarType.BYTES]: { wireType: 2, read: (reader) => reader.view() },
};

function readZigzag(reader: WireReader): number {
  const value = reader.uint32();
  return (value >>> 1) ^ -(value & 1);
}
