import { join } from "node:path";
import { createSqliteTimelineStore, type SqliteDatabase } from "../../../../src/server/index.ts";
import { createTimelineStore } from "../../../../src/server/timeline/create-timeline-store.ts";
import { MemoryTimelines } from "../../../../src/server/timeline/memory-timelines.ts";
import type { TimelinePlace } from "../../../compliance/timeline-kit.ts";
import { createDirectory, openDatabase } from "../sqlite/place.ts";

/** A memory that outlives the stores on it. */
export function createMemoryPlace(): TimelinePlace {
  const bound = { maxBytes: Number.POSITIVE_INFINITY };
  const backend = new MemoryTimelines(() => bound.maxBytes);
  return {
    open: (options) => createTimelineStore(backend, options),
    limit(bytes) {
      bound.maxBytes = bytes ?? Number.POSITIVE_INFINITY;
    },
  };
}

/** A database in a file. */
export function createSqlitePlace(): TimelinePlace {
  const path = join(createDirectory(), "state.db");
  let database: SqliteDatabase | undefined;
  return {
    async open(options) {
      database?.close();
      database = await openDatabase(path);
      return createSqliteTimelineStore(database, options);
    },
    limit(bytes) {
      const pages = Number(database?.prepare("PRAGMA page_count").get()?.page_count);
      const most = bytes === undefined ? 2 ** 30 : pages + Math.floor(bytes / 4096);
      database?.prepare(`PRAGMA max_page_count = ${most}`).get();
    },
  };
}
