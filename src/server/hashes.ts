import { hash } from "node:crypto";

/** The SHA-256 of a text, as 43 characters of base64url: what stands for a secret that must not be kept. */
export function hashText(text: string): string {
  return hash("sha256", text, "base64url");
}

/** The id of a channel or an epoch as a key of maps. */
export function idToKey(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString("base64url");
}
