import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { MoorlineError } from "../wire/moorline-error.ts";
import type { Authenticate } from "./authenticate.ts";
import { createPrivateFile, errorCodeOf, FILE_EXISTS, readPrivateFile } from "./private-file.ts";

/** The user of a daemon that knows only one: who has its token, or reaches it in the open mode. Spec: SESSION-1. */
export const OWNER = "owner";

const TOKEN_BYTES = 32;
const TOKEN = /^[A-Za-z0-9_-]{22,}$/;

/**
 * The hook that accepts the bearer token of a file and no other, for the principal `owner`. A file that is missing is made with
 * a new random token, and only this user can read it: whoever can may connect. It stays over restarts of the daemon, so that
 * its clients come in again; remove it to have another one. Spec: AUTH-3.
 * @throws MoorlineError STORAGE_FAILED where the file cannot be read or written, or holds no token.
 */
export async function loadOrCreateTokenFile(path: string): Promise<Authenticate> {
  try {
    await createPrivateFile(path, randomBytes(TOKEN_BYTES).toString("base64url"));
  } catch (cause) {
    if (errorCodeOf(cause) !== FILE_EXISTS) throw storageFailed(path, "cannot be written", cause);
  }
  const token = await readPrivateFile(path).catch((cause: unknown) => {
    throw storageFailed(path, "cannot be read", cause);
  });
  if (!TOKEN.test(token.trim())) throw storageFailed(path, "holds no token of 22 or more characters of base64url");
  return acceptToken(token.trim());
}

function storageFailed(path: string, why: string, cause?: unknown): MoorlineError {
  const action = "Make it readable and writable, or remove it: then a new one is made.";
  return new MoorlineError("STORAGE_FAILED", `The token file ${path} ${why}.`, { action, cause });
}

/** A hook that accepts one bearer token, compared in constant time, for the principal `owner`. */
export function acceptToken(token: string): Authenticate {
  const expected = digestOf(token);
  return ({ credential }) => {
    const isRight = credential?.kind === "bearer" && timingSafeEqual(digestOf(credential.token.trim()), expected);
    if (isRight) return { principal: OWNER };
    const message = credential === undefined ? "there is no credential" : "this is not the token of the daemon";
    return { rejected: "UNAUTHENTICATED", message };
  };
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
