import type { Random } from "../core/random.ts";
import { MoorlineError } from "./moorline-error.ts";

/** How many bytes a secret has. */
export const SECRET_BYTES = 32;

/**
 * 32 random bytes.
 * @throws MoorlineError RANDOM_FAILED where the source of chance gives another number of bytes, or zeros only.
 */
export function randomSecret(random: Random): Uint8Array {
  const bytes = random.bytes(SECRET_BYTES);
  if (bytes.length === SECRET_BYTES && bytes.some((byte) => byte !== 0)) return bytes;
  throw new MoorlineError("RANDOM_FAILED", `The source of chance gave no ${SECRET_BYTES} random bytes.`);
}
