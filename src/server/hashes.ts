import { hash } from "node:crypto";
import type { SessionKey } from "../wire/session-key.ts";

/** The SHA-256 of a text, as 43 characters of base64url: what stands for a secret that must not be kept. */
export function hashText(text: string): string {
  return hash("sha256", text, "base64url");
}

const REF_DIGITS = 16;

/** The session ref of a key, as the wire layer computes it, by the platform's own hash: it is asked for at every hello. Spec: KEY-3. */
export function refOfKey(key: SessionKey): string {
  return hash("sha256", `moorline session ref${key}`, "hex").slice(0, REF_DIGITS);
}

/** The id of a channel or an epoch as a key of maps. */
export function idToKey(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString("base64url");
}
