import type { WireReader } from "./codec.ts";

/** Where integers become others: `BigInt` and `Number` call the engine, which takes much longer. */
const long = /*@__PURE__*/ new BigUint64Array(1);
const words = /*@__PURE__*/ new Uint32Array(long.buffer);
/** Which of the two words is the low one: most machines have it first. */
const low = /*@__PURE__*/ findLowWord();
const TWO_TO_32 = 0x1_0000_0000;

function findLowWord(): 0 | 1 {
  return new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;
}

/** Reads a varint of 64 bits, from 0 to 2^53 - 1. */
export function readVarint64(reader: WireReader): bigint {
  const value = reader.uint64();
  words[low] = value;
  words[1 - low] = value / TWO_TO_32;
  return long[0] as bigint;
}

/** Reads 64 bits, least significant byte first, unsigned. */
export function readFixed64(reader: WireReader): bigint {
  words[low] = reader.fixed32();
  words[1 - low] = reader.fixed32();
  return long[0] as bigint;
}

/** An integer as a number, exact from 0 to 2^53. Above 2^53 where it is not from 0 to 2^64 - 1. */
export function bigintToNumber(value: bigint): number {
  long[0] = value;
  if (long[0] !== value) return Number.POSITIVE_INFINITY;
  return (words[1 - low] as number) * TWO_TO_32 + (words[low] as number);
}
