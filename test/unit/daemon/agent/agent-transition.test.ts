import { toJson } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { type Agent, AgentFailureReason, AgentStatus } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import type { AgentEvent } from "../../../../gen/moorline/machine/v1/agent_pb.ts";
import { TransitionSchema } from "../../../../gen/moorline/state/v1/transition_pb.ts";
import { stepAgent } from "../../../../src/daemon/agent/agent-lifecycle.ts";
import { createAgentTransition } from "../../../../src/daemon/agent/agent-transition.ts";
import { agentEvent, defaultAgentConfig } from "../../../../src/machine/agent.ts";
import { agentIn, events, NOW_MS } from "./support.ts";

const at = timestampFromMs(NOW_MS);

function recordOf(before: Agent, event: AgentEvent): unknown {
  const step = stepAgent(before, event, defaultAgentConfig, NOW_MS);
  const context = { serverId: "server", sessionRef: "ref", wallMs: NOW_MS };
  return toJson(TransitionSchema, createAgentTransition({ before, event, step }, context));
}

describe("createAgentTransition", () => {
  it("names the agent, and says by an enum why it failed [LOG-1, LOG-4]", () => {
    const failure = { reason: AgentFailureReason.PROCESS_EXITED, message: "exit code 3" };
    expect(
      recordOf(agentIn(AgentStatus.RUNNING), agentEvent({ case: "runFailed", value: { failure, at } })),
    ).toStrictEqual({
      machine: "agent",
      serverId: "server",
      sessionRef: "ref",
      subject: "a",
      from: "running",
      event: "run_failed",
      to: "error",
      outcome: "TRANSITION_OUTCOME_TAKEN",
      agentFailure: "AGENT_FAILURE_REASON_PROCESS_EXITED",
      message: "exit code 3",
      at: "2023-11-14T22:13:20Z",
    });
  });

  it("says that the daemon was started again, where that is why [LOG-1, AGENT-15]", () => {
    expect(recordOf(agentIn(AgentStatus.IDLE), agentEvent({ case: "daemonRestarted", value: { at } }))).toMatchObject({
      to: "error",
      agentFailure: "AGENT_FAILURE_REASON_DAEMON_RESTARTED",
    });
  });

  it("has a failure of a newer version as its number, and none where there is nothing to explain [LOG-1, INV-15]", () => {
    const failure = { reason: 99 as AgentFailureReason };
    const event = agentEvent({ case: "runFailed", value: { failure, at } });
    expect(recordOf(agentIn(AgentStatus.RUNNING), event)).toMatchObject({ agentFailure: 99 });
    const started = recordOf(agentIn(AgentStatus.STARTING), events.run_started as AgentEvent);
    expect(started).toMatchObject({ from: "starting", to: "running" });
    expect(started).not.toHaveProperty("agentFailure");
  });

  it("says that an event was ignored, and nothing about why the agent is where it is [LOG-1, RUN-2]", () => {
    const record = recordOf(agentIn(AgentStatus.ERROR), events.turn_ended as AgentEvent);
    expect(record).toMatchObject({ from: "error", to: "error", outcome: "TRANSITION_OUTCOME_IGNORED", subject: "a" });
    expect(record).not.toHaveProperty("agentFailure");
  });
});
