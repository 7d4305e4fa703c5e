import type { ConnectError } from "@connectrpc/connect";
import type { TimelineItem } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import type { SyncState } from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import type { MoorlineError } from "../../wire/moorline-error.ts";
import type { Source } from "../source.ts";
import type { MirrorOwner } from "./mirror-host.ts";

/** How it stands with the items before those that are shown: nobody asks for them, they are on their way, or it failed. */
export type EarlierItems = "idle" | "loading" | { readonly failed: MoorlineError | ConnectError };

/** What is shown of a timeline. */
export interface TimelineItems {
  /** Items by rising seq, without gaps. One that has not changed stays the very same object. */
  readonly items: readonly TimelineItem[];
  /** Whether there are items before the first one. */
  readonly hasEarlier: boolean;
  /** How it stands with those. */
  readonly earlier: EarlierItems;
}

/** The timeline of an agent, from some item on up to its end. Spec: MIRROR. */
export interface AgentTimeline {
  /** Whose it is. */
  readonly agentId: string;
  /** How it stands to the daemon. */
  readonly sync: Source<SyncState>;
  /** What is shown. */
  readonly items: Source<TimelineItems>;
  /**
   * An intent: shows a page of items before the first one as well. Resolves when they are shown, or it has failed, which
   * `items` says; at once where there are none, or the timeline is stopped. Asked for twice, it is done once. Never rejects.
   */
  loadEarlier(): Promise<void>;
  /** An intent: sync again now, from the cursor; also where the daemon has refused. Does nothing while it is stopped. */
  refresh(): void;
}

/** An {@link AgentTimeline} for whoever starts and stops it. */
export interface OwnedAgentTimeline extends AgentTimeline, MirrorOwner {}

/** Options of an {@link AgentTimeline}. */
export interface AgentTimelineOptions {
  /** How many items of the end are shown first, and how many earlier ones at a time: 1 to 1,000. Default 100. */
  readonly pageSize?: number;
  /** The most items that are shown; the earliest ones go. At least `pageSize`. Default 10,000. */
  readonly maxItems?: number;
}
