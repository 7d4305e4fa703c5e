import type { TimelineStore } from "../timeline/timeline-store.ts";
import type { Metric, MetricDescription } from "./metric.ts";

/** A collection, as far as it is counted. A `VersionedCollection` is one. */
export interface FollowedCollection {
  readonly size: number;
  readonly watchCount: number;
}

/** The metrics of {@link createCollectionMetrics}. */
export const COLLECTION_METRICS = {
  entries: {
    name: "moorline_collection_entries",
    type: "gauge",
    help: "Values in a collection, such as that of agents.",
    labels: ["collection"],
  },
  watches: {
    name: "moorline_collection_watches",
    type: "gauge",
    help: "Watches of a collection.",
    labels: ["collection"],
  },
} as const satisfies Record<string, MetricDescription>;

/** The metrics of {@link createTimelineMetrics}. */
export const TIMELINE_METRICS = {
  commits: {
    name: "moorline_timeline_commits_total",
    type: "counter",
    help: "Commits of timelines: each has all changes of a turn of the event loop.",
  },
  changes: {
    name: "moorline_timeline_changes_total",
    type: "counter",
    help: "Changes in the commits of timelines.",
  },
  failures: {
    name: "moorline_timeline_commit_failures_total",
    type: "counter",
    help: "Commits of timelines that failed, with everything in them.",
  },
} as const satisfies Record<string, MetricDescription>;

/** Metrics of collections, for a registry. @param collections By the names that the label has: few, and no secrets. */
export function createCollectionMetrics(collections: Readonly<Record<string, FollowedCollection>>): Metric[] {
  const count = (read: (collection: FollowedCollection) => number) => () =>
    Object.entries(collections).map(([collection, counted]) => ({ labels: { collection }, value: read(counted) }));
  return [
    { ...COLLECTION_METRICS.entries, collect: count(({ size }) => size) },
    { ...COLLECTION_METRICS.watches, collect: count(({ watchCount }) => watchCount) },
  ];
}

/** Metrics of a store of timelines, for a registry. */
export function createTimelineMetrics(store: Pick<TimelineStore, "counters">): Metric[] {
  return [
    { ...TIMELINE_METRICS.commits, collect: () => store.counters.commits },
    { ...TIMELINE_METRICS.changes, collect: () => store.counters.changes },
    { ...TIMELINE_METRICS.failures, collect: () => store.counters.failures },
  ];
}
