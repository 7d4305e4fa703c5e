import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { bytesToBase64url } from "./base64url.ts";

/** SHA-256 over a text in UTF-8, as base64url without padding: 43 characters. For names of what would be too long as one. */
export function hashOfText(text: string): string {
  return bytesToBase64url(sha256(utf8ToBytes(text)));
}
