import { createSessionKey } from "../client/session-key.ts";
import { putFileIfAbsent } from "../node/file-storage.ts";
import { MoorlineError } from "../wire/moorline-error.ts";
import { parseSessionKey, type SessionKey } from "../wire/session-key.ts";

/**
 * The session key of a file, which is made with mode 0600 where it is missing.
 * @throws MoorlineError (as a rejection) STORAGE_FAILED where the file can be neither read nor made, SESSION_KEY_MALFORMED
 *   where it holds something else. It is never replaced.
 */
export async function loadOrCreateKeyFile(path: string): Promise<SessionKey> {
  return readSessionKey(path, await putIfAbsent(path));
}

/**
 * What a session key file holds, as a session key.
 * @throws MoorlineError SESSION_KEY_MALFORMED where it is none. The error never has the text.
 */
export function readSessionKey(path: string, text: string): SessionKey {
  try {
    return parseSessionKey(text.trim());
  } catch (cause) {
    const action = "Remove the file, then the next command makes a new key; or give another by --session-key-file.";
    throw new MoorlineError("SESSION_KEY_MALFORMED", `The file ${path} holds no session key.`, { cause, action });
  }
}

async function putIfAbsent(path: string): Promise<string> {
  try {
    return await putFileIfAbsent(path, createSessionKey());
  } catch (cause) {
    if (cause instanceof MoorlineError) throw cause;
    throw new MoorlineError("STORAGE_FAILED", `The session key file ${path} can be neither read nor made.`, {
      cause,
      action: "Give a path that this user can read and write, by --session-key-file.",
    });
  }
}
