import type { Random } from "../core/random.ts";
import { checkMethods } from "./check-given.ts";
import { loadOrCreateInstallSecret } from "./install-secret.ts";
import type { KeyStorage } from "./key-storage.ts";
import { parseServerId } from "./server-id.ts";
import { deriveSessionKey, type SessionKey } from "./session-key.ts";

/** What {@link loadOrCreateSessionKey} needs beside the storage and the daemon. */
export interface LoadSessionKeyOptions {
  /** The source of the install secret, where the storage has none. */
  readonly random: Random;
}

/**
 * The session key of this install towards one daemon, derived from the install secret that the storage keeps; the first
 * call makes that. Racing callers, tabs and processes get the same key. Spec: KEY-6, KEY-7.
 * @throws MoorlineError (as a rejection) SERVER_ID_MALFORMED, and OPTION_INVALID for what is no storage, before the storage is touched; STORAGE_FAILED,
 *   STORAGE_FULL, STORAGE_UNSUPPORTED; INSTALL_SECRET_MALFORMED where what is stored is damaged, which is never replaced.
 */
export async function loadOrCreateSessionKey(
  storage: KeyStorage,
  serverId: string,
  { random }: LoadSessionKeyOptions,
): Promise<SessionKey> {
  const checkedId = parseServerId(serverId);
  checkMethods("storage", storage, ["putIfAbsent"]);
  return deriveSessionKey(await loadOrCreateInstallSecret(storage, random), checkedId);
}
