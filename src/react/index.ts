/** The door of React: a provider, and hooks that show snapshots and give intents. */
export type { AgentViewFilter } from "../runtime/agent-view.ts";
export type { HostIntents } from "../runtime/host-intents.ts";
export type { ListRange } from "../runtime/list-source.ts";
export { MoorlineProvider, type MoorlineProviderProps } from "./context.ts";
export {
  type AgentsOptions,
  type IdsOptions,
  type ShownAgents,
  type ShownDirectory,
  useAgent,
  useAgentCount,
  useAgentIds,
  useAgents,
  useDirectory,
  useFleetAgentCount,
  useFleetAgentIds,
  useFleetAgents,
} from "./use-agents.ts";
export { useConnection } from "./use-connection.ts";
export { useCreations } from "./use-creations.ts";
export { useFleet, useHost } from "./use-host.ts";
export { useIntent } from "./use-intent.ts";
export type { IsEqual } from "./use-source.ts";
export { type ShownTimeline, useTimeline } from "./use-timeline.ts";
