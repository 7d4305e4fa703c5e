import { ScalarType } from "@bufbuild/protobuf";
import {
  sizeDelimited,
  sizeInt32,
  sizeString,
  sizeUint64,
  writeBytes,
  writeInt32,
  writeString,
  writeVarint,
} from "../codec.ts";

/** Encodes the values of one scalar type, without their tags. */
export interface ScalarEncoder {
  /** How the wire format delimits it. 0: varint. 1: 64 bits. 2: a length. 5: 32 bits. */
  readonly wireType: 0 | 1 | 2 | 5;
  /** Bytes that the value takes. Throws where it is none of the type, or a rare one: the general codec deals with it. */
  size(value: unknown): number;
  /** Writes a value that `size` has taken, and returns the position after it. */
  write(bytes: Uint8Array, offset: number, value: never): number;
}

/** Goes on where the value is what nearly all values are. What it throws is caught by whoever asks the general codec then. */
export function assume(isUsual: boolean): asserts isUsual {
  if (!isUsual) throw unusual;
}

const unusual: Error = /*@__PURE__*/ new Error("left to the general codec");

const TWO_TO_32 = 0x1_0000_0000;

const varint64: ScalarEncoder = {
  wireType: 0,
  size(value) {
    return sizeUint64(toSafe(value));
  },
  write: (bytes, offset, value: bigint) => writeVarint(bytes, offset, Number(value)),
};

const fixed64: ScalarEncoder = {
  wireType: 1,
  size(value) {
    toSafe(value);
    return 8;
  },
  write(bytes, offset, value: bigint) {
    const number = Number(value);
    return writeFixed32(bytes, writeFixed32(bytes, offset, number % TWO_TO_32), Math.floor(number / TWO_TO_32));
  },
};

/** One for each scalar type that is not rare. */
export const scalarEncoders: Readonly<Partial<Record<ScalarType, ScalarEncoder>>> = {
  [ScalarType.BOOL]: {
    wireType: 0,
    size(value) {
      assume(typeof value === "boolean");
      return 1;
    },
    write: (bytes, offset, value: boolean) => writeVarint(bytes, offset, value ? 1 : 0),
  },
  [ScalarType.INT32]: {
    wireType: 0,
    size(value) {
      assume(isSigned(value));
      return sizeInt32(value);
    },
    write: writeInt32,
  },
  [ScalarType.UINT32]: {
    wireType: 0,
    size(value) {
      assume(isUnsigned(value));
      return sizeUint64(value);
    },
    write: writeVarint,
  },
  [ScalarType.SINT32]: {
    wireType: 0,
    size(value) {
      assume(isSigned(value));
      return sizeUint64(zigzag(value));
    },
    write: (bytes, offset, value: number) => writeVarint(bytes, offset, zigzag(value)),
  },
  [ScalarType.FIXED32]: {
    wireType: 5,
    size(value) {
      assume(isUnsigned(value));
      return 4;
    },
    write: writeFixed32,
  },
  [ScalarType.SFIXED32]: {
    wireType: 5,
    size(value) {
      assume(isSigned(value));
      return 4;
    },
    write: writeFixed32,
  },
  [ScalarType.INT64]: varint64,
  [ScalarType.UINT64]: varint64,
  [ScalarType.FIXED64]: fixed64,
  [ScalarType.SFIXED64]: fixed64,
  [ScalarType.DOUBLE]: {
    wireType: 1,
    size(value) {
      assume(typeof value === "number");
      return 8;
    },
    write(bytes, offset, value: number) {
      new DataView(bytes.buffer, bytes.byteOffset).setFloat64(offset, value, true);
      return offset + 8;
    },
  },
  [ScalarType.STRING]: {
    wireType: 2,
    size(value) {
      assume(typeof value === "string");
      return sizeString(value);
    },
    write: writeString,
  },
  [ScalarType.BYTES]: {
    wireType: 2,
    size(value) {
      assume(value instanceof Uint8Array);
      return sizeDelimited(value.length);
    },
    write: writeBytes,
  },
};

function isSigned(value: unknown): value is number {
  return typeof value === "number" && (value | 0) === value;
}

function isUnsigned(value: unknown): value is number {
  return typeof value === "number" && value >>> 0 === value;
}

/** 64-bit integers below 0 and above 2^53 - 1 are rare. Compared as numbers, which is faster. */
function toSafe(value: unknown): number {
  assume(typeof value === "bigint");
  const number = Number(value);
  assume(number >= 0 && number <= Number.MAX_SAFE_INTEGER);
  return number;
}

function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

function writeFixed32(bytes: Uint8Array, offset: number, value: number): number {
  bytes[offset] = value;
  bytes[offset + 1] = value >>> 8;
  bytes[offset + 2] = value >>> 16;
  bytes[offset + 3] = value >>> 24;
  return offset + 4;
}
