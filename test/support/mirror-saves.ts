import type { MirrorSave, StoredEntry } from "../../src/runtime/storage/mirror-storage.ts";

/** What is stored in a test. */
export function storedEntry(id: string, revision: number): StoredEntry {
  return { id, revision, bytes: new TextEncoder().encode(`${id}@${revision}`) };
}

/** A save that replaces everything and fits to everything. A text is a cursor of a test. */
export function wholeSave(cursor: Uint8Array | string, upserted: readonly StoredEntry[] = []): MirrorSave {
  const bytes = typeof cursor === "string" ? new TextEncoder().encode(cursor) : cursor;
  return { cursor: bytes, isWhole: true, upserted, removed: [], fits: () => true };
}
