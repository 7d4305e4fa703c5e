import type { Random } from "../core/random.ts";
import { systemRandom } from "../transport/system-random.ts";
import type { KeyStorage } from "../wire/key-storage.ts";
import { loadOrCreateSessionKey as loadOrCreate } from "../wire/load-session-key.ts";
import { createSessionKey as create, type SessionKey } from "../wire/session-key.ts";

/**
 * A new random session key, of 32 bytes. It names a session only as long as the caller keeps it. Spec: KEY-5.
 * @param random Default: the machine's own chance.
 * @throws MoorlineError RANDOM_FAILED where the source of chance does not give 32 bytes.
 */
export function createSessionKey(random: Random = systemRandom): SessionKey {
  return create(random);
}

/**
 * The session key of this install towards one daemon, derived from the install secret that the storage keeps; the first
 * call makes that. Racing callers, tabs and processes get the same key. Spec: KEY-6, KEY-7.
 * @param options `random`: the source of the install secret, where the storage has none. Default: the machine's own.
 * @throws MoorlineError (as a rejection) SERVER_ID_MALFORMED, before the storage is touched; STORAGE_FAILED,
 *   STORAGE_UNSUPPORTED; INSTALL_SECRET_MALFORMED where what is stored is damaged, which is never replaced.
 */
export function loadOrCreateSessionKey(
  storage: KeyStorage,
  serverId: string,
  options: { readonly random?: Random } = {},
): Promise<SessionKey> {
  return loadOrCreate(storage, serverId, { random: options.random ?? systemRandom });
}
