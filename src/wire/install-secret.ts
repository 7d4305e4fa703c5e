import type { Random } from "../core/random.ts";
import { base64urlToBytes, bytesToBase64url } from "./base64url.ts";
import type { KeyStorage } from "./key-storage.ts";
import { MoorlineError } from "./moorline-error.ts";
import { isOutOfRoom } from "./out-of-room.ts";
import { randomSecret, SECRET_BYTES } from "./random-secret.ts";

/** The name under which a {@link KeyStorage} keeps the install secret, as 43 characters of base64url. */
export const INSTALL_SECRET_NAME = "moorline-install-secret";

/**
 * The install secret of a storage: 32 bytes, made at the first call. Racing callers get the same. Spec: KEY-6, KEY-7.
 * @throws MoorlineError (as a rejection) STORAGE_FAILED where the storage rejects, STORAGE_FULL where it has no room, INSTALL_SECRET_MALFORMED where it holds
 *   something else under that name. Nothing is ever replaced.
 */
export async function loadOrCreateInstallSecret(storage: KeyStorage, random: Random): Promise<Uint8Array> {
  const stored = await putIfAbsent(storage, bytesToBase64url(randomSecret(random)));
  const secret = typeof stored === "string" ? base64urlToBytes(stored) : undefined;
  if (secret?.length === SECRET_BYTES) return secret;
  throw malformed(`What ${storage.name} holds as "${INSTALL_SECRET_NAME}" is not the base64url of 32 bytes.`);
}

async function putIfAbsent(storage: KeyStorage, candidate: string): Promise<string> {
  try {
    return await storage.putIfAbsent(INSTALL_SECRET_NAME, candidate);
  } catch (cause) {
    if (cause instanceof MoorlineError) throw cause;
    if (isOutOfRoom(cause)) {
      const action = "Make room in the storage, then start again: without its secret an install has no session key.";
      throw new MoorlineError("STORAGE_FULL", `There is no room for the install secret in ${storage.name}.`, {
        ...{ action, cause },
      });
    }
    throw new MoorlineError("STORAGE_FAILED", `The install secret cannot be read from ${storage.name}.`, { cause });
  }
}

/**
 * The same bytes, checked to be 32.
 * @throws MoorlineError INSTALL_SECRET_MALFORMED.
 */
export function checkInstallSecret(secret: Uint8Array): Uint8Array {
  if (secret.length !== SECRET_BYTES) throw malformed(`The install secret has ${secret.length} bytes, not 32.`);
  return secret;
}

function malformed(text: string): MoorlineError {
  return new MoorlineError("INSTALL_SECRET_MALFORMED", text);
}
