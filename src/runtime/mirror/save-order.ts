import { areSameBytes } from "../storage/mirror-storage.ts";

/** How far a cursor is. */
export interface CursorPosition {
  /** The lifetime of what it is a cursor of. */
  readonly epoch: string;
  /** Everything up to this revision is known. */
  readonly revision: bigint;
}

/** Reads a cursor. @throws Error where it is none. */
export type PositionReader = (cursor: Uint8Array) => CursorPosition;

/** Everything that is to take the place of what is stored. */
export interface Replacement {
  /** Of a mark. */
  readonly cursor: Uint8Array;
  /** What the program itself has saved or loaded last. */
  readonly base: Uint8Array | undefined;
  /** What the program knew to be stored when the mark came. Undefined: nothing was known. */
  readonly known: Uint8Array | undefined;
}

/** Whether everything may take the place of what is stored. Spec: MIRROR-14. */
export function canReplace(
  { cursor, base, known }: Replacement,
  stored: Uint8Array | undefined,
  read: PositionReader,
): boolean {
  if (stored === undefined || (base !== undefined && areSameBytes(stored, base))) return true;
  const [there, here] = [tryRead(stored, read), read(cursor)];
  if (there?.epoch === here.epoch) return there.revision < here.revision;
  // Epochs have no order: only one that was stored before the mark is older for certain.
  return there === undefined || known === undefined || tryRead(known, read)?.epoch === there.epoch;
}

/** Whether the second cursor is as far as the first one, or further. Not where one of them is none, or they are of two epochs. */
export function isFrom(first: Uint8Array | undefined, second: Uint8Array | undefined, read: PositionReader): boolean {
  const [from, to] = [tryRead(first, read), tryRead(second, read)];
  return from !== undefined && to !== undefined && from.epoch === to.epoch && from.revision <= to.revision;
}

function tryRead(cursor: Uint8Array | undefined, read: PositionReader): CursorPosition | undefined {
  try {
    return cursor && read(cursor);
  } catch {
    // Somebody else has stored it.
    return undefined;
  }
}
