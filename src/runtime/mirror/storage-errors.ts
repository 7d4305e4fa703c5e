import { MoorlineError } from "../../wire/moorline-error.ts";
import { isOutOfRoom } from "../storage/out-of-room.ts";

/**
 * Whatever a storage of mirrors has thrown, as a typed error with it as its cause: STORAGE_FULL where there is no room
 * left, else STORAGE_FAILED. What is a MoorlineError stays as it is. Spec: MIRROR-10.
 * @param name Where the storage is, for people.
 */
export function toStorageError(thrown: unknown, name: string): MoorlineError {
  if (thrown instanceof MoorlineError) return thrown;
  const isFull = isOutOfRoom(thrown);
  const text = isFull ? `The storage ${name} has no room left.` : `The storage ${name} has failed.`;
  return new MoorlineError(isFull ? "STORAGE_FULL" : "STORAGE_FAILED", text, { cause: thrown });
}

/** What a storage has given back is not what was stored: it was dropped. Spec: MIRROR-10. */
export function createCorruptError(name: string, cause: unknown): MoorlineError {
  return new MoorlineError("STORAGE_CORRUPT", `What the storage ${name} had of a mirror cannot be read.`, { cause });
}

/** A storage does not answer. Spec: MIRROR-10. */
export function createSlowError(name: string): MoorlineError {
  return new MoorlineError("STORAGE_TIMED_OUT", `The storage ${name} does not answer.`);
}
