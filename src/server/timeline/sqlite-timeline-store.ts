import type { SqliteDatabase } from "../sqlite/sqlite-database.ts";
import { createTimelineStore, type TimelineStoreOptions } from "./create-timeline-store.ts";
import { SqliteTimelines } from "./sqlite-timelines.ts";
import type { TimelineStore } from "./timeline-store.ts";

/**
 * A store of timelines in a database: what was shown is on disk. There may be one such store for a database.
 * @param database Where; it is closed by whoever opened it, after the store. Its `maxBytes` bounds the store.
 * @param options Limits, time and chance.
 */
export function createSqliteTimelineStore(database: SqliteDatabase, options: TimelineStoreOptions = {}): TimelineStore {
  return createTimelineStore(new SqliteTimelines(database), options);
}
