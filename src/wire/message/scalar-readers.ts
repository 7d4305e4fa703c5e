import { ScalarType } from "@bufbuild/protobuf";
import type { WireReader } from "../codec.ts";
import { assume } from "./scalar-encoder.ts";

/** Reads one value. Throws where it is malformed, or a rare one: the general codec deals with it. */
export type ScalarReader = (reader: WireReader) => unknown;

const int64: ScalarReader = (reader) => BigInt(reader.uint64());

const fixed64: ScalarReader = (reader) => {
  const view = take(reader, 8);
  const value = view.getBigUint64(0, true);
  assume(value <= Number.MAX_SAFE_INTEGER);
  return value;
};

/** One for each scalar type that is not rare. The values are those that the general codec gives. */
export const scalarReaders: Readonly<Partial<Record<ScalarType, ScalarReader>>> = {
  [ScalarType.BOOL]: (reader) => reader.bool(),
  [ScalarType.INT32]: (reader) => reader.int32(),
  [ScalarType.UINT32]: (reader) => reader.uint32(),
  [ScalarType.SINT32]: (reader) => {
    const value = reader.uint32();
    return (value >>> 1) ^ -(value & 1);
  },
  [ScalarType.FIXED32]: (reader) => take(reader, 4).getUint32(0, true),
  [ScalarType.SFIXED32]: (reader) => take(reader, 4).getInt32(0, true),
  [ScalarType.INT64]: int64,
  [ScalarType.UINT64]: int64,
  [ScalarType.FIXED64]: fixed64,
  [ScalarType.SFIXED64]: fixed64,
  [ScalarType.DOUBLE]: (reader) => take(reader, 8).getFloat64(0, true),
  [ScalarType.STRING]: (reader) => reader.string(),
  [ScalarType.BYTES]: (reader) => reader.view(),
};

function take(reader: WireReader, size: number): DataView {
  const { bytes, pos } = reader;
  assume(pos + size <= bytes.length);
  reader.pos += size;
  return new DataView(bytes.buffer, bytes.byteOffset + pos, size);
}
