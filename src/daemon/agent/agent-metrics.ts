import { type Agent, AgentStatus } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { Metric, MetricDescription } from "../../server/prometheus/metric.ts";

/** The metric of {@link createAgentMetric}. */
export const AGENT_METRIC = {
  name: "moorline_agents",
  type: "gauge",
  help: "Agents that there are, by their status.",
  labels: ["status"],
} as const satisfies MetricDescription;

const STATUSES: ReadonlySet<number> = new Set(Object.values(AgentStatus));

/** Counts agents by status, for a registry; those of a newer version are `unspecified`. @param agents Asked each time. */
export function createAgentMetric(agents: () => Iterable<Pick<Agent, "status">>): Metric {
  return {
    ...AGENT_METRIC,
    collect() {
      const counts = new Map<number, number>();
      for (const { status } of agents()) {
        const known = STATUSES.has(status) ? status : AgentStatus.UNSPECIFIED;
        counts.set(known, (counts.get(known) ?? 0) + 1);
      }
      return Object.entries(AgentStatus).map(([name, status]) => ({
        labels: { status: name.toLowerCase() },
        value: counts.get(status) ?? 0,
      }));
    },
  };
}
