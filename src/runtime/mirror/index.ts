/** What the door `/runtime` has of mirrors. */
export type {
  SyncFailure,
  SyncMemory,
  SyncState,
  SyncState_ErrorAfterReady,
  SyncState_ErrorBeforeFirstSuccess,
  SyncState_Ready,
  SyncState_Revalidating,
} from "../../../gen/moorline/machine/v1/sync_moorline.ts";
export { SyncPhase } from "../../../gen/moorline/state/v1/phase_pb.ts";
export { SyncFailureReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
export {
  hasEverLoaded,
  isInitialLoad,
  isLoading,
  isRetried,
  isRevalidating,
  isStale,
  syncPhase,
} from "../../machine/sync.ts";
export type { ListFollower, ListSource, Order } from "../list-source.ts";
export type { Source } from "../source.ts";
export {
  createIndexedDbMirrorStorage,
  type MirrorDbGlobals,
} from "../storage/indexed-db-mirror-storage.ts";
export {
  createMemoryMirrorStorage,
  type MirrorSave,
  type MirrorStorage,
  type StoredEntry,
  type StoredMirror,
} from "../storage/mirror-storage.ts";
export type { AgentDirectory, AgentDirectoryOptions, OwnedAgentDirectory } from "./agent-directory.ts";
export { type AgentOrder, byUpdatedLast } from "./agent-order.ts";
export type {
  AgentTimeline,
  AgentTimelineOptions,
  EarlierItems,
  OwnedAgentTimeline,
  TimelineItems,
} from "./agent-timeline.ts";
export { createAgentDirectory } from "./create-agent-directory.ts";
export { createAgentTimeline } from "./create-agent-timeline.ts";
export type { MirrorHost, MirrorMetrics, MirrorOwner, MirrorPeer, StopOptions } from "./mirror-host.ts";
