import { sha256 } from "@noble/hashes/sha2.js";
import { base64urlToBytes, bytesToBase64url } from "./base64url.ts";
import { MoorlineError } from "./moorline-error.ts";

declare const serverIdBrand: unique symbol;

/** The name of one daemon, computed from its identity key: 43 characters of base64url. No secret. Spec: KEY-1. */
export type ServerId = string & { readonly [serverIdBrand]: true };

const ID_BYTES = 32;

/**
 * The server id of a daemon: the SHA-256 of its identity public key. Spec: KEY-1.
 * @param publicKey The 32 raw bytes of the X25519 public key.
 * @throws MoorlineError IDENTITY_KEY_MALFORMED where it is not 32 bytes.
 */
export function serverIdOf(publicKey: Uint8Array): ServerId {
  if (publicKey.length !== ID_BYTES) {
    throw new MoorlineError("IDENTITY_KEY_MALFORMED", `The identity key has ${publicKey.length} bytes.`);
  }
  return bytesToBase64url(sha256(publicKey)) as ServerId;
}

/**
 * The text as a server id, unchanged.
 * @throws MoorlineError SERVER_ID_MALFORMED where no public key could have it: it is not the base64url of 32 bytes.
 */
export function parseServerId(text: string): ServerId {
  if (typeof text !== "string" || base64urlToBytes(text)?.length !== ID_BYTES) {
    throw new MoorlineError("SERVER_ID_MALFORMED", "This is no server id.");
  }
  return text as ServerId;
}
