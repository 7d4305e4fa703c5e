import { useMemo } from "react";
import type { Agent } from "../../gen/moorline/agent/v1/agent_pb.ts";
import type { SyncState } from "../../gen/moorline/machine/v1/sync_moorline.ts";
import type { Presentation } from "../../gen/moorline/state/v1/presentation_pb.ts";
import { type AgentViewFilter, createAgentView, createFleetView } from "../runtime/agent-view.ts";
import type { FleetAgent, FleetAgentId } from "../runtime/fleet/fleet-agent.ts";
import type { FleetOrder } from "../runtime/fleet/fleet-order.ts";
import {
  INITIAL_SYNC,
  NO_AGENT_IDS,
  NO_AGENTS,
  NO_FLEET_AGENT_IDS,
  NO_FLEET_AGENTS,
} from "../runtime/initial-snapshots.ts";
import { checkRange, type ListRange } from "../runtime/list-source.ts";
import type { ListView } from "../runtime/list-view.ts";
import type { Source } from "../runtime/source.ts";
import { checkObject } from "../wire/check-given.ts";
import { MoorlineError } from "../wire/moorline-error.ts";
import { useFleetItself, useHost, whole } from "./use-host.ts";
import { usePresentation } from "./use-presentation.ts";
import { useSource } from "./use-source.ts";

/** Which host's agents, and in which order. */
export interface AgentsOptions {
  /** Which host. Default: as `useHost`. */
  readonly serverId?: string | undefined;
  /** In which order; compared by content. Default: the agent that changed last first. */
  readonly order?: FleetOrder | undefined;
}

/** What a list of ids has. */
export interface IdsOptions extends AgentsOptions {
  /** In which places. Default: all. */
  readonly range?: ListRange | undefined;
}

/** How the agents of a host stand, without the agents. */
export interface ShownDirectory {
  /** How the mirror stands to the daemon's directory. */
  readonly sync: SyncState;
  /** What a view of agents shows around them. */
  readonly presentation: Presentation;
}

/** What a list of agents shows. */
export interface ShownAgents extends ShownDirectory {
  /**
   * The agents, and those that are being created: the very same list until one of it changes, and each the very same until
   * it changes itself. What tells rows apart for good is `creationId`, where there is one, else `id`.
   */
  readonly agents: readonly Agent[];
}

/**
 * How the agents of a host stand, for a view that reads them by {@link useAgentIds} and {@link useAgent}. Renders at no
 * change of an agent.
 * @param serverId Which host. Default: as `useHost`.
 * @throws MoorlineError as `useHost`.
 */
export function useDirectory(serverId?: string): ShownDirectory {
  const host = useHost(serverId);
  const sync = useSource(host.agents.sync, INITIAL_SYNC, whole);
  const presentation = usePresentation(host, host.agents.sync);
  return useMemo(() => ({ sync, presentation }), [sync, presentation]);
}

/**
 * The agents of a host. Renders with every change of one of them.
 * @param filter Which ones. Compared by content, so that it may be written in the call. Default: all that the mirror has.
 * @param options Which host, in which order.
 * @throws MoorlineError as `useHost`.
 */
export function useAgents(filter?: AgentViewFilter, options: AgentsOptions = {}): ShownAgents {
  const agents = useSource(useAgentView(filter, options).values, NO_AGENTS, whole);
  const directory = useDirectory(options.serverId);
  return useMemo(() => ({ ...directory, agents }), [directory, agents]);
}

/**
 * The ids of the agents of a host, for a list whose rows read their agent by {@link useAgent}. Renders when agents come, go
 * or change places, and at no other change. A list that scrolls asks for the range that it shows, and for how many there are by
 * {@link useAgentCount}: then it renders when what it shows changes, and that costs the same however long the list is.
 * @param filter Which ones. Compared by content. Default: all that the mirror has.
 * @param options Which host, in which order, in which places.
 * @throws MoorlineError as `useHost`; OPTION_INVALID for a range that is none.
 */
export function useAgentIds(filter?: AgentViewFilter, options: IdsOptions = {}): readonly string[] {
  return useSource(useKeys(useAgentView(filter, options), options.range), NO_AGENT_IDS, whole);
}

/**
 * How many agents of a host there are. Renders when that is another number.
 * @param filter Which ones. Compared by content. Default: all that the mirror has.
 * @param serverId Which host. Default: as `useHost`.
 * @throws MoorlineError as `useHost`.
 */
export function useAgentCount(filter?: AgentViewFilter, serverId?: string): number {
  return useSource(useAgentView(filter, { serverId }).count, 0, whole);
}

/**
 * One agent. Renders when it changes, and at no change of another.
 * @param id Which one. @param serverId Of which host. Default: as `useHost`.
 * @returns Undefined where the mirror has no such agent.
 * @throws MoorlineError as `useHost`.
 */
export function useAgent(id: string, serverId?: string): Agent | undefined {
  const host = useHost(serverId);
  const source = useMemo(() => host.agents.agent(id), [host, id]);
  return useSource(source, undefined, whole);
}

/**
 * The agents of all hosts of the fleet, in the fleet's order. Renders with every change of one of them.
 * @param filter Which ones. Compared by content. Default: all that the mirrors have.
 * @throws MoorlineError PROVIDER_MISSING where no provider above has a fleet.
 */
export function useFleetAgents(filter?: AgentViewFilter): readonly FleetAgent[] {
  return useSource(useFleetView("useFleetAgents", filter).values, NO_FLEET_AGENTS, whole);
}

/**
 * What tells the agents of all hosts apart, in the fleet's order, for a list whose rows read their agent by {@link useAgent}.
 * Renders when agents come, go or change places, and at no other change.
 * @param filter Which ones. Compared by content. Default: all that the mirrors have.
 * @param options In which places, as of {@link useAgentIds}.
 * @throws MoorlineError PROVIDER_MISSING where no provider above has a fleet; OPTION_INVALID for a range that is none.
 */
export function useFleetAgentIds(
  filter?: AgentViewFilter,
  { range }: Pick<IdsOptions, "range"> = {},
): readonly FleetAgentId[] {
  return useSource(useKeys(useFleetView("useFleetAgentIds", filter), range), NO_FLEET_AGENT_IDS, whole);
}

/**
 * How many agents of all hosts there are. Renders when that is another number.
 * @param filter Which ones. Compared by content. Default: all that the mirrors have.
 * @throws MoorlineError PROVIDER_MISSING where no provider above has a fleet.
 */
export function useFleetAgentCount(filter?: AgentViewFilter): number {
  return useSource(useFleetView("useFleetAgentCount", filter).count, 0, whole);
}

/** The same view in every render where host, filter and order say the same. */
function useAgentView(
  filter: AgentViewFilter | undefined,
  { serverId, order }: AgentsOptions,
): ListView<Agent, string> {
  const { agents } = useHost(serverId).agents;
  const content = contentOf(filter, order);
  return useMemo(() => {
    const asked = contentFrom(content);
    return createAgentView(agents, asked.filter, asked.order);
  }, [agents, content]);
}

/** The same view in every render where fleet and filter say the same. @param hook The name of the hook, for the error. */
function useFleetView(hook: string, filter: AgentViewFilter | undefined): ListView<FleetAgent, FleetAgentId> {
  const { agents } = useFleetItself(hook);
  const content = contentOf(filter, undefined);
  return useMemo(() => createFleetView(agents, contentFrom(content).filter), [agents, content]);
}

/** The same source in every render where the range says the same. @throws MoorlineError OPTION_INVALID for one that is none. */
function useKeys<T, K>(view: ListView<T, K>, range: ListRange | undefined): Source<readonly K[]> {
  if (range !== undefined) checkRange(range);
  const { start, end }: Partial<ListRange> = range ?? {};
  return useMemo(() => (start === undefined ? view.keys : view.keysIn({ start, end })), [view, start, end]);
}

interface ViewContent {
  readonly filter?: AgentViewFilter;
  readonly order?: FleetOrder;
}

function contentFrom(content: string): ViewContent {
  return JSON.parse(content) as ViewContent;
}

/** @throws MoorlineError OPTION_INVALID for a filter or an order that is none. */
function contentOf(filter: AgentViewFilter | undefined, order: FleetOrder | undefined): string {
  if (filter !== undefined) checkObject("the filter", filter);
  if (order !== undefined) checkObject("the order", order);
  try {
    return JSON.stringify({ filter, order });
  } catch (cause) {
    const action = "Give plain values: texts, numbers, lists of them.";
    throw new MoorlineError("OPTION_INVALID", "The filter, or the order, cannot be compared.", { action, cause });
  }
}
