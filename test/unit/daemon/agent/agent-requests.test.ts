import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  AgentStatus,
  PermissionDecision,
  PermissionResolutionSchema,
  PermissionResolver,
} from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import { ProviderCapability, ProviderSchema } from "../../../../gen/moorline/agent/v1/provider_pb.ts";
import { stepAgent } from "../../../../src/daemon/agent/agent-lifecycle.ts";
import {
  cancelAgent,
  promptAgent,
  type RequestContext,
  resolveAgentPermission,
} from "../../../../src/daemon/agent/agent-requests.ts";
import { CommandProvider } from "../../../../src/daemon/command/command-provider.ts";
import { agentIn, NOW_MS } from "./support.ts";

const { STARTING, RUNNING, IDLE, WAITING_FOR_PERMISSION, CANCELLING, ERROR, ENDED } = AgentStatus;
const command = new CommandProvider();
const context: RequestContext = {
  provider: command.describe(),
  step: (agent, event) => stepAgent(agent, event, command.lifecycle, NOW_MS),
  wallMs: NOW_MS,
};
const bare: RequestContext = { ...context, provider: create(ProviderSchema, { id: "bare" }) };
const speaking: RequestContext = {
  ...context,
  provider: create(ProviderSchema, { id: "bare", capabilities: [ProviderCapability.PROMPTS] }),
};
const answer = { permissionId: "p", optionId: "deny", sessionRef: "0123456789abcdef" };

describe("promptAgent", () => {
  it.each([
    [RUNNING, "taken"],
    [IDLE, "taken"],
    [STARTING, "statusConflict"],
    [WAITING_FOR_PERMISSION, "statusConflict"],
    [CANCELLING, "statusConflict"],
    [ERROR, "statusConflict"],
    [ENDED, "statusConflict"],
  ])("for a command in status %i: %s [AGENT-16]", (status, outcome) => {
    expect(promptAgent(agentIn(status), false, context).case).toBe(outcome);
  });

  it("says in which status the agent is [AGENT-16]", () => {
    expect(promptAgent(agentIn(ENDED), false, context)).toMatchObject({ value: { agentId: "a", status: ENDED } });
  });
});

describe("cancelAgent", () => {
  it.each([
    [STARTING, "taken"],
    [RUNNING, "taken"],
    [WAITING_FOR_PERMISSION, "taken"],
    [IDLE, "unchanged"],
    [CANCELLING, "unchanged"],
    [ERROR, "unchanged"],
    [ENDED, "unchanged"],
  ])("in status %i: %s [AGENT-13]", (status, outcome) => {
    expect(cancelAgent(agentIn(status), context).case).toBe(outcome);
  });
});

describe("resolveAgentPermission", () => {
  it("takes the first decision, and says who has decided to whoever comes later [AGENT-12] [AGENT-16]", () => {
    const outcome = resolveAgentPermission(agentIn(WAITING_FOR_PERMISSION), answer, undefined, context);
    if (outcome.case !== "taken") throw new Error(outcome.case);
    const [record, reply] = outcome.effects.map(({ effect }) => effect);
    expect(record).toMatchObject({
      case: "recordResolution",
      value: {
        resolution: {
          permissionId: "p",
          optionId: "deny",
          decision: PermissionDecision.DENY,
          resolvedBy: PermissionResolver.CLIENT,
          sessionRef: answer.sessionRef,
        },
      },
    });
    expect(reply).toMatchObject({ case: "answerPermission", value: { permissionId: "p", optionId: "deny" } });
    const earlier = create(PermissionResolutionSchema, { permissionId: "p", optionId: "deny" });
    expect(resolveAgentPermission(outcome.agent, answer, earlier, context)).toMatchObject({
      case: "permissionAlreadyResolved",
      value: { resolution: earlier },
    });
  });

  it.each([
    ["permission", { ...answer, permissionId: "another" }],
    ["option", { ...answer, optionId: "another" }],
  ])("does not know another %s [AGENT-16]", (_name, wrong) => {
    const agent = agentIn(WAITING_FOR_PERMISSION);
    expect(resolveAgentPermission(agent, wrong, undefined, context)).toEqual({ case: "notOffered" });
  });
});

describe("a provider without capabilities", () => {
  it.each([
    ["PROMPTS", promptAgent(agentIn(IDLE), false, bare)],
    ["CLOSE_INPUT", promptAgent(agentIn(IDLE), true, speaking)],
    ["CANCEL", cancelAgent(agentIn(IDLE), bare)],
    ["PERMISSIONS", resolveAgentPermission(agentIn(IDLE), answer, undefined, bare)],
  ] as const)("is named with the capability %s that it lacks [AGENT-16]", (name, outcome) => {
    expect(outcome).toMatchObject({
      case: "capabilityMissing",
      value: { providerId: "bare", capability: ProviderCapability[name] },
    });
  });
});
