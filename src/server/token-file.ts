import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { MoorlineError } from "../wire/moorline-error.ts";
import type { Authenticate } from "./authenticate.ts";
import { writePrivateFile } from "./private-file.ts";

/** The user of a daemon that knows only one: who has its token, or reaches it in the open mode. Spec: SESSION-1. */
export const OWNER = "owner";

const TOKEN_BYTES = 32;

/**
 * Writes a new random token into a file that only this user can read, and gives the hook that accepts this bearer token
 * and no other, for the principal `owner`. Whoever can read the file may connect. Spec: AUTH-3.
 * @param path An older file is replaced, as a whole.
 * @throws MoorlineError STORAGE_FAILED where the file cannot be written.
 */
export async function createTokenFile(path: string): Promise<Authenticate> {
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  try {
    await writePrivateFile(path, token, "replace");
  } catch (cause) {
    throw new MoorlineError("STORAGE_FAILED", `The token file ${path} cannot be written.`, { cause });
  }
  return acceptToken(token);
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
