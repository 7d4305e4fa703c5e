import { base64Decode, base64Encode } from "@bufbuild/protobuf/wire";

/** Bytes as base64url without padding (RFC 4648, section 5). */
export function bytesToBase64url(bytes: Uint8Array): string {
  return base64Encode(bytes, "url");
}

/**
 * The bytes of a base64url text. Undefined where the text is not what {@link bytesToBase64url} makes of them: padding,
 * another alphabet, space, or bits that are left over, so that no two texts stand for the same bytes.
 */
export function base64urlToBytes(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const bytes = base64Decode(text);
  return bytesToBase64url(bytes) === text ? bytes : undefined;
}
