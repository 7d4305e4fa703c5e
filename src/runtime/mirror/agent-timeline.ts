import type { TimelineItem } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import type { Source } from "../source.ts";
import type { SyncState } from "./agent-directory.ts";

/** What is known of a timeline. */
export interface TimelineItems {
  /** The items, by `seq`. */
  readonly items: readonly TimelineItem[];
  /** Whether the daemon has earlier ones. */
  readonly hasEarlier: boolean;
  /** Whether earlier ones are being loaded. */
  readonly earlier: "resting" | "loading" | "failed";
}

/** The timeline of one agent, as the runtime mirrors it. It is watched while somebody subscribes, and 30 s longer. */
export interface AgentTimeline {
  /** The agent. */
  readonly agentId: string;
  /** Where the mirror is. */
  readonly sync: Source<SyncState>;
  /** What is known. */
  readonly items: Source<TimelineItems>;
  /** Loads a page of earlier items. */
  loadEarlier(): Promise<void>;
  /** Looks at the daemon anew. */
  refresh(): void;
}
