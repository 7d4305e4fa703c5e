import { useMemo } from "react";
import type { SyncState } from "../../gen/moorline/machine/v1/sync_moorline.ts";
import type { Presentation } from "../../gen/moorline/state/v1/presentation_pb.ts";
import { followCreating } from "../runtime/creation/optimistic-creations.ts";
import { INITIAL_SYNC, NO_ITEMS } from "../runtime/initial-snapshots.ts";
import type { TimelineItems } from "../runtime/mirror/agent-timeline.ts";
import { useHost, whole } from "./use-host.ts";
import { usePresentation } from "./use-presentation.ts";
import { useSource } from "./use-source.ts";

/** What a view of a timeline shows. */
export interface ShownTimeline extends TimelineItems {
  /** Asks for the page before the earliest item; `earlier` says how that goes. The same function for one timeline. */
  readonly loadEarlier: () => Promise<void>;
  /** How the mirror stands to the daemon's timeline. */
  readonly sync: SyncState;
  /** What the view shows around its items. */
  readonly presentation: Presentation;
}

/**
 * The timeline of an agent. That it is shown is what the runtime goes by when it decides what to fetch.
 * @param agentId Of which agent. @param serverId Of which host. Default: as `useHost`.
 * @throws MoorlineError as `useHost`.
 */
export function useTimeline(agentId: string, serverId?: string): ShownTimeline {
  const host = useHost(serverId);
  const timeline = useMemo(() => host.timeline(agentId), [host, agentId]);
  const loadEarlier = useMemo(() => () => timeline.loadEarlier(), [timeline]);
  const items = useSource(timeline.items, NO_ITEMS, whole);
  const sync = useSource(timeline.sync, INITIAL_SYNC, whole);
  const isOptimistic = useMemo(() => followCreating(host.creations, agentId), [host, agentId]);
  const presentation = usePresentation(host, timeline.sync, isOptimistic);
  return useMemo(() => ({ ...items, loadEarlier, sync, presentation }), [items, loadEarlier, sync, presentation]);
}
