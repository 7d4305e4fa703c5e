import type { Agent } from "../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentStatus } from "../../gen/moorline/agent/v1/agent_pb.ts";
import type { SendPromptResponse } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import {
  type HostIntents,
  MoorlineProvider,
  useAgent,
  useAgentCount,
  useAgentIds,
  useAgents,
  useConnection,
  useFleet,
  useFleetAgentCount,
  useFleetAgentIds,
  useIntent,
  useTimeline,
} from "../../src/react/index.ts";
import type { HostFleet } from "../../src/runtime/fleet/host-fleet.ts";
import type { HostRuntime, HostSnapshot } from "../../src/runtime/host-runtime.ts";

declare const host: HostRuntime;
declare const fleet: HostFleet;

/** A provider has a host, a fleet, or both. */
export const providers = [MoorlineProvider({ host }), MoorlineProvider({ fleet }), MoorlineProvider({ host, fleet })];

// @ts-expect-error A profile is no host.
MoorlineProvider({ host: { serverId: "x" } });

/** Without a selector there is the snapshot, with one what it selects. */
export function useSelections(): readonly [HostSnapshot, string, number] {
  const ref: string = useConnection(({ sessionRef }) => sessionRef);
  const count: number = useFleet(({ hosts }) => hosts.length);
  // @ts-expect-error What is selected has a type of its own.
  const wrong: number = useConnection(({ sessionRef }) => sessionRef);
  return [useConnection(), ref, count + wrong];
}

/** Filters have the fields of the schema, and lists are read. */
export function useLists(): readonly Agent[] {
  const { agents } = useAgents({ statuses: [AgentStatus.RUNNING], labels: { team: "a" } }, { order: { by: "title" } });
  const ids: readonly string[] = useAgentIds();
  const shown: readonly string[] = useAgentIds({}, { order: { by: "title" }, range: { start: 20, end: ids.length } });
  const fleetIds: ReadonlyArray<{ readonly serverId: string; readonly id: string }> = useFleetAgentIds();
  const count: number = useAgentCount({ onlyAttention: true }) + useFleetAgentCount() + fleetIds.length + shown.length;
  // @ts-expect-error There is no such field.
  useAgents({ status: AgentStatus.RUNNING });
  // @ts-expect-error Nor such an order.
  useAgents({}, { order: { by: "size" } });
  // @ts-expect-error A list is not for writing.
  agents.push(agents[0]);
  // @ts-expect-error An agent may not be there.
  const title: string = useAgent(ids[0] ?? "").title;
  return title === `${count}` ? [] : agents;
}

/** Intents are given with what they need. */
export function useIntents(): Promise<SendPromptResponse> {
  const { sendPrompt, chooseCandidate, retry }: HostIntents = useIntent();
  chooseCandidate(undefined);
  retry();
  // @ts-expect-error A prompt is for an agent.
  sendPrompt("text alone");
  // @ts-expect-error What earlier items are is no flag.
  useTimeline("a").earlier = true;
  return sendPrompt("agent", "text");
}
