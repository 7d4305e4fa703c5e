/** The door of daemons: a server that keeps sessions over every cut, with what it needs beside it. */

export { createGeneratedCodecs } from "../rpc/generated-codecs.ts";
export type { CodecSource, MessageCodec } from "../rpc/message-format.ts";
export { digestOf } from "../wire/collection-digest.ts";
export { MoorlineError } from "../wire/moorline-error.ts";
export type {
  Authenticate,
  AuthenticateRequest,
  ConnectionInfo,
  Credential,
  Denial,
  DenialCode,
  Grant,
} from "./authenticate.ts";
export { type CallSession, callSession } from "./call-session.ts";
export type { CollectionWatch } from "./collection/collection-watch.ts";
export type {
  CollectionCursor,
  CollectionFilter,
  CollectionMark,
  EntriesChanged,
  Piece,
  SnapshotBegan,
  SnapshotCause,
  UpsertedEntry,
} from "./collection/piece.ts";
export { type CollectionOptions, VersionedCollection, type WatchOptions } from "./collection/versioned-collection.ts";
export { watchPieces } from "./collection/watch-pieces.ts";
export type { LostCall, ServerEvent, SessionName } from "./events.ts";
export { createIdentity, type Identity, loadOrCreateIdentity, type ProgramInfo } from "./identity.ts";
export type { JournalEntry, JournalSession, JournalStore, JournalUse } from "./journal/journal-store.ts";
export { createMemoryJournalStore } from "./journal/memory-journal-store.ts";
export type { Listening, ListenOptions } from "./listen.ts";
export type { ServerMetrics } from "./metrics.ts";
export type { DaemonServerOptions } from "./options.ts";
export { openPageServer, type PageServer, type PageServerOptions } from "./pages/page-server.ts";
export { Pages } from "./pages/pages.ts";
export type { Metric, MetricDescription, MetricSample } from "./prometheus/metric.ts";
export { createMetricRegistry, type MetricRegistry } from "./prometheus/metric-registry.ts";
export type { MetricsOptions } from "./prometheus/metrics-endpoint.ts";
export {
  COLLECTION_METRICS,
  createCollectionMetrics,
  createTimelineMetrics,
  type FollowedCollection,
  TIMELINE_METRICS,
} from "./prometheus/store-metrics.ts";
export type { ServerListeners, ServerLogger } from "./reporter.ts";
export { createDaemonServer, type DaemonServer } from "./server.ts";
export type { ServerLimitOptions } from "./server-limits.ts";
export type { ChannelInfo, ServerSessions, SessionInfo } from "./server-sessions.ts";
export { openSqliteDatabase, type SqliteDatabase, type SqliteOptions } from "./sqlite/sqlite-database.ts";
export { createSqliteJournalStore, type SqliteJournalOptions } from "./sqlite/sqlite-journal-store.ts";
export { createSqliteSessionStore } from "./sqlite/sqlite-session-store.ts";
export { createMemorySessionStore, type SessionRecord, type SessionStore } from "./store.ts";
export type { TimelineStoreOptions } from "./timeline/create-timeline-store.ts";
export { createMemoryTimelineStore, type MemoryTimelineOptions } from "./timeline/memory-timeline-store.ts";
export { createSqliteTimelineStore } from "./timeline/sqlite-timeline-store.ts";
export type {
  AppendOptions,
  PageRequest,
  StoredItem,
  TimelineCounters,
  TimelineCursor,
  TimelineEvent,
  TimelineLog,
  TimelinePage,
  TimelinePosition,
  TimelineStore,
} from "./timeline/timeline-store.ts";
export { acceptToken, loadOrCreateTokenFile } from "./token-file.ts";
export type { AttachOptions } from "./upgrades.ts";
export type { ReconnectDelay } from "./welcome.ts";
