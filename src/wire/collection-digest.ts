import { utf8ToBytes } from "@noble/hashes/utils.js";

const OFFSET_BASIS: Hash64 = { high: 0xcbf29ce4, low: 0x84222325 };
/** The low word of the prime, 0x100000001b3; the rest of it is a shift by 40. */
const PRIME_LOW = 0x1b3;
const TWO_TO_32 = 0x1_0000_0000;
const MAX_ASCII = 0x7f;

/** 64 bits as two unsigned words: several times as fast as a bigint for what is computed with each change. */
export interface Hash64 {
  /** The upper 32 bits. */
  readonly high: number;
  /** The lower 32 bits. */
  readonly low: number;
}

/** The part of an entry's hash that stays the same for its id, over the id and a zero byte; and the bytes of the id. */
export interface HashedId {
  /** FNV-1a-64 so far. */
  readonly hash: Hash64;
  /** How long the id is in UTF-8. */
  readonly bytes: number;
}

/** Begins the hash of an entry. Spec: DIR-14. */
export function hashId(id: string): HashedId {
  const hash = new Fnv(OFFSET_BASIS);
  for (let i = 0; i < id.length; i += 1) {
    const code = id.charCodeAt(i);
    // Its bytes are made only where they are others than its characters.
    if (code > MAX_ASCII) return hashBytes(utf8ToBytes(id));
    hash.mix(code);
  }
  hash.mix(0);
  return { hash: hash.toHash(), bytes: id.length };
}

function hashBytes(bytes: Uint8Array): HashedId {
  const hash = new Fnv(OFFSET_BASIS);
  for (const byte of bytes) hash.mix(byte);
  hash.mix(0);
  return { hash: hash.toHash(), bytes: bytes.length };
}

/** Ends the hash of an entry: FNV-1a-64 over id, zero byte and revision. @param revision A safe integer. */
export function hashRevision(idHash: Hash64, revision: number): Hash64 {
  const hash = new Fnv(idHash);
  const high = Math.floor(revision / TWO_TO_32);
  for (let shift = 24; shift >= 0; shift -= 8) hash.mix((high >>> shift) & 0xff);
  for (let shift = 24; shift >= 0; shift -= 8) hash.mix((revision >>> shift) & 0xff);
  return hash.toHash();
}

/** The sum of hashes modulo 2^64. Spec: DIR-14. */
export class Digest {
  private high = 0;
  private low = 0;

  /** The sum. */
  get value(): bigint {
    return (BigInt(this.high) << 32n) | BigInt(this.low);
  }

  /** Adds a hash. */
  add(hash: Hash64): void {
    const low = this.low + hash.low;
    this.low = low >>> 0;
    this.high = (this.high + hash.high + (low >= TWO_TO_32 ? 1 : 0)) >>> 0;
  }

  /** Takes a hash out that was added. */
  subtract(hash: Hash64): void {
    const low = this.low - hash.low;
    this.low = low >>> 0;
    this.high = (this.high - hash.high - (low < 0 ? 1 : 0)) >>> 0;
  }
}

/** The digest of entries, computed from nothing: for whoever holds a copy, and for tests. Spec: DIR-14. */
export function digestOf(entries: Iterable<{ readonly id: string; readonly revision: number }>): bigint {
  const digest = new Digest();
  for (const { id, revision } of entries) digest.add(hashRevision(hashId(id).hash, revision));
  return digest.value;
}

/** FNV-1a-64 under way. */
class Fnv {
  private high: number;
  private low: number;

  constructor({ high, low }: Hash64) {
    this.high = high;
    this.low = low;
  }

  mix(byte: number): void {
    const mixed = (this.low ^ byte) >>> 0;
    // At most 2^41: exact.
    const product = mixed * PRIME_LOW;
    this.low = product >>> 0;
    this.high = (Math.imul(this.high, PRIME_LOW) + Math.floor(product / TWO_TO_32) + (mixed << 8)) >>> 0;
  }

  toHash(): Hash64 {
    const { high, low } = this;
    return { high, low };
  }
}
