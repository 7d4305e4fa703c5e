import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { SessionKey } from "./session-key.ts";

const REF_BYTES = 8;

/** What stands for a session key in logs and on screens: 16 lower-case hex digits of its hash. Spec: KEY-3, LOG-3. */
export function sessionRefOf(key: SessionKey): string {
  return bytesToHex(sha256(utf8ToBytes(`moorline session ref${key}`)).subarray(0, REF_BYTES));
}
