import type { Agent } from "../../gen/moorline/agent/v1/agent_pb.ts";
import type { SyncState } from "../../gen/moorline/machine/v1/sync_moorline.ts";
import { FleetStatus } from "../../gen/moorline/state/v1/fleet_pb.ts";
import { Presentation } from "../../gen/moorline/state/v1/presentation_pb.ts";
import { initialHostState } from "../machine/host.ts";
import { initialSyncState } from "../machine/sync.ts";
import type { ServerId } from "../wire/server-id.ts";
import type { CreationEntry } from "./creation/optimistic-creations.ts";
import type { FleetAgent, FleetAgentId } from "./fleet/fleet-agent.ts";
import type { FleetSnapshot } from "./fleet/host-fleet.ts";
import type { HostSnapshot } from "./host-runtime.ts";
import { NOTHING } from "./list-source.ts";
import type { TimelineItems } from "./mirror/agent-timeline.ts";

/*
 * What everything holds before anything has happened. A page that was rendered on a server shows this on the server and
 * while it is hydrated, so that both agree whatever the browser's mirrors have by then.
 */

/** No agents. */
export const NO_AGENTS: readonly Agent[] = NOTHING;

/** No ids of agents. */
export const NO_AGENT_IDS: readonly string[] = NOTHING;

/** No agents of a fleet. */
export const NO_FLEET_AGENTS: readonly FleetAgent[] = NOTHING;

/** No ids of agents of a fleet. */
export const NO_FLEET_AGENT_IDS: readonly FleetAgentId[] = NOTHING;

/** No creations. */
export const NO_CREATIONS: readonly CreationEntry[] = [];

/** A timeline of which nothing is known. */
export const NO_ITEMS: TimelineItems = { items: [], hasEarlier: false, earlier: "idle" };

/** A mirror that nobody has asked for. */
export const INITIAL_SYNC: SyncState = /*@__PURE__*/ initialSyncState();

/** A fleet that is not started. */
export const INITIAL_FLEET: FleetSnapshot = { status: FleetStatus.EMPTY, hosts: [], setAside: [], faults: [] };

/** A host that is not started. */
export function initialHostSnapshot(serverId: ServerId): HostSnapshot {
  return { serverId, sessionRef: "", host: initialHostState(), connection: undefined, probes: [] };
}

/** What a view shows of a mirror that nobody has asked for, of a host that is not started. */
export const INITIAL_PRESENTATION: Presentation = Presentation.OVERLAY;
