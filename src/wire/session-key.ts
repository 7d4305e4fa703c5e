import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { Random } from "../core/random.ts";
import { bytesToBase64url } from "./base64url.ts";
import { checkInstallSecret } from "./install-secret.ts";
import { MoorlineError } from "./moorline-error.ts";
import { randomSecret } from "./random-secret.ts";
import { parseServerId } from "./server-id.ts";

declare const sessionKeyBrand: unique symbol;

/**
 * The client's stable identity towards one daemon, a secret. No string is one: it comes from {@link createSessionKey},
 * {@link parseSessionKey}, {@link deriveSessionKey} or `loadOrCreateSessionKey`. Logs show its session ref. Spec: KEY-4.
 */
export type SessionKey = string & { readonly [sessionKeyBrand]: true };

const PATTERN = /^[A-Za-z0-9_-]{22,128}$/;
const HOW_TO_MAKE = "Make it with createSessionKey or loadOrCreateSessionKey, and keep it.";

/**
 * A new random session key, of 32 bytes. It names a session only as long as the caller keeps it. Spec: KEY-5.
 * @throws MoorlineError RANDOM_FAILED where the source of chance does not give 32 bytes.
 */
export function createSessionKey(random: Random): SessionKey {
  return parseSessionKey(bytesToBase64url(randomSecret(random)));
}

/**
 * The text as a session key, unchanged: 22 to 128 characters of `A-Z a-z 0-9 _ -`. Spec: KEY-4, KEY-5, HELLO-4.
 * @throws MoorlineError SESSION_KEY_MISSING where there is none (undefined, null, empty), SESSION_KEY_MALFORMED where it
 *   is anything else. The error never has the text.
 */
export function parseSessionKey(text: string | null | undefined): SessionKey {
  if (text === undefined || text === null || text === "") {
    throw new MoorlineError("SESSION_KEY_MISSING", "There is no session key.", { action: HOW_TO_MAKE });
  }
  if (typeof text !== "string" || !PATTERN.test(text)) {
    throw new MoorlineError("SESSION_KEY_MALFORMED", `The session key does not match ${PATTERN.source}.`, {
      action: HOW_TO_MAKE,
    });
  }
  return text as SessionKey;
}

/**
 * The session key of one daemon, from the secret of this install: the same for the same two, and of no use to another
 * daemon. Spec: KEY-2.
 * @param installSecret 32 bytes.
 * @throws MoorlineError INSTALL_SECRET_MALFORMED where they are not 32, SERVER_ID_MALFORMED.
 */
export function deriveSessionKey(installSecret: Uint8Array, serverId: string): SessionKey {
  const purpose = utf8ToBytes(`moorline session key${parseServerId(serverId)}`);
  return bytesToBase64url(hmac(sha256, checkInstallSecret(installSecret), purpose)) as SessionKey;
}
