const OFFSET_BASIS = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;
const REVISION_BYTES = 8;
const utf8 = new TextEncoder();

/** The part of an entry's hash that stays the same for its id, over the id and a zero byte; and the bytes of the id. */
export interface HashedId {
  /** FNV-1a-64 so far. */
  readonly hash: bigint;
  /** How long the id is in UTF-8. */
  readonly bytes: number;
}

/** Begins the hash of an entry. Spec: DIR-14. */
export function hashId(id: string): HashedId {
  const bytes = utf8.encode(id);
  let hash = OFFSET_BASIS;
  for (const byte of bytes) hash = mix(hash, byte);
  return { hash: mix(hash, 0), bytes: bytes.length };
}

/** Ends the hash of an entry: FNV-1a-64 over id, zero byte and revision. @param revision A safe integer. */
export function hashRevision(idHash: bigint, revision: number): bigint {
  let hash = idHash;
  for (let place = REVISION_BYTES - 1; place >= 0; place -= 1) {
    hash = mix(hash, Math.floor(revision / 256 ** place) % 256);
  }
  return hash;
}

/** The sum of two digests modulo 2^64; where the second is negative, what is left without it. */
export function addToDigest(digest: bigint, hash: bigint): bigint {
  return BigInt.asUintN(64, digest + hash);
}

/** The digest of entries, computed from nothing: for whoever holds a copy, and for tests. Spec: DIR-14. */
export function digestOf(entries: Iterable<{ readonly id: string; readonly revision: number }>): bigint {
  let digest = 0n;
  for (const { id, revision } of entries) digest = addToDigest(digest, hashRevision(hashId(id).hash, revision));
  return digest;
}

function mix(hash: bigint, byte: number): bigint {
  return BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME);
}
