import { hash } from "node:crypto";
import type { SessionKey } from "../wire/session-key.ts";

/** The SHA-256 of a text, as 43 characters of base64url: what stands for a secret that must not be kept. */
export function hashText(text: string): string {
  return hash("sha256", text, "base64url");
}

const REF_BYTES = 8;

/** The session ref of a key, as the wire layer computes it, by the platform's own hash: it is asked for at every hello. Spec: KEY-3. */
export function refOfKey(key: SessionKey): string {
  // Not cut from the whole text: that would keep the whole text alive.
  return hash("sha256", `moorline session ref${key}`, "buffer").toString("hex", 0, REF_BYTES);
}

/** The id of a channel or an epoch as a key of maps. */
export function idToKey(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString("base64url");
}

/** The id of which a key was made. */
export function keyToId(key: string): Uint8Array {
  return Buffer.from(key, "base64url");
}
