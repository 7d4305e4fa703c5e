import type { ItemChange, LogChange } from "./timeline-backend.ts";
import type { StoredItem } from "./timeline-store.ts";

/** The items that one commit has appended to a log, where it has done nothing else. */
export interface RecentItems {
  /** The revision of the log before it. */
  readonly since: number;
  /** The items, by rising seq. */
  readonly items: readonly StoredItem[];
}

/** The most bytes that are held of one commit. */
const MAX_BYTES = 256 * 1024;

/**
 * What watches that know everything before a commit can be told of it without reading it from the store.
 * @param since The revision of the log before it. @returns Undefined where it did something else, or too much.
 */
export function toRecentItems(since: number, { items, fate }: LogChange): RecentItems | undefined {
  if (fate === "deleted" || items.length === 0) return undefined;
  const recent: StoredItem[] = [];
  let bytes = 0;
  for (const change of items) {
    const item = toAppended(change);
    if (item === undefined) return undefined;
    bytes += item.payload.length + item.text.length;
    if (bytes > MAX_BYTES) return undefined;
    recent.push(item);
  }
  return { since, items: recent };
}

function toAppended({ seq, revision, base, text }: ItemChange): StoredItem | undefined {
  if (base?.isNew !== true) return undefined;
  const { createdAtMs, payload } = base;
  return { seq, revision, createdAtMs, payload, text };
}
