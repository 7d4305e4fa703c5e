import { describe, expect, it } from "vitest";
import { AgentStatus } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import { createAgentMetric } from "../../../../src/daemon/agent/agent-metrics.ts";
import { agentIn } from "./support.ts";

describe("createAgentMetric", () => {
  it("counts agents by every status there is, those of a newer version as unspecified [OBS-3, OBS-5, INV-15]", () => {
    const { RUNNING, ERROR } = AgentStatus;
    const agents = [RUNNING, ERROR, RUNNING, 99 as AgentStatus].map(agentIn);
    const metric = createAgentMetric(() => agents);
    const count = (): unknown =>
      Object.fromEntries(
        [...(metric.collect() as Iterable<{ labels: { status: string }; value: number }>)].map(({ labels, value }) => [
          labels.status,
          value,
        ]),
      );
    const none = { starting: 0, idle: 0, waiting_for_permission: 0, cancelling: 0, ended: 0 };
    expect(count()).toEqual({ ...none, unspecified: 1, running: 2, error: 1 });
    agents.pop();
    expect(count()).toEqual({ ...none, unspecified: 0, running: 2, error: 1 });
  });
});
