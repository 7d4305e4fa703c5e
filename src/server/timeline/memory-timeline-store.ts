import { MoorlineError } from "../../wire/moorline-error.ts";
import { createTimelineStore, type TimelineStoreOptions } from "./create-timeline-store.ts";
import { MemoryTimelines } from "./memory-timelines.ts";
import type { TimelineStore } from "./timeline-store.ts";

/** How a store in memory is made. */
export interface MemoryTimelineOptions extends TimelineStoreOptions {
  /** The most bytes of payloads and texts of all logs. Default: no limit. */
  readonly maxBytes?: number;
}

/**
 * A store of timelines that lasts as long as the process, for tests and for daemons that keep nothing. A commit that would
 * go over `maxBytes` fails with STORAGE_FULL. Spec: TIMELINE-11.
 */
export function createMemoryTimelineStore(options: MemoryTimelineOptions = {}): TimelineStore {
  const { maxBytes = Number.POSITIVE_INFINITY } = options;
  if (!(maxBytes >= 1)) throw new MoorlineError("OPTION_INVALID", "maxBytes must be 1 or more.");
  return createTimelineStore(new MemoryTimelines(() => maxBytes), options);
}
