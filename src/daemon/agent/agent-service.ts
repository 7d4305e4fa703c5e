import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { AgentService } from "../../../gen/moorline/agent/v1/agent_service_pb.ts";
import type { Clock } from "../../core/clock.ts";
import { callSession } from "../../server/call-session.ts";
import { changeDetails, changeSettings, clearAttention } from "./agent-changes.ts";
import type { AgentRegistry } from "./agent-registry.ts";
import { checkPrompt } from "./new-agent.ts";
import { waitForIdle } from "./wait-for-idle.ts";

/** What clients ask of agents. Spec: AGENT. */
export function createAgentService(registry: AgentRegistry, clock: Clock): ServiceImpl<typeof AgentService> {
  return {
    createAgent: async (request, context) => ({ agent: await registry.create(request, refOf(context)) }),
    sendPrompt: async ({ agentId, text, closeInput }, context) => {
      const { agent, seq } = await registry
        .get(agentId)
        .prompt({ text: checkPrompt(text), closeInput }, refOf(context));
      return { agent, seq: BigInt(seq) };
    },
    cancelTurn: async ({ agentId }, context) => ({ agent: await registry.get(agentId).cancel(refOf(context)) }),
    resolvePermission: async ({ agentId, permissionId, optionId }, context) => {
      const answer = { permissionId, optionId, sessionRef: refOf(context) };
      const { agent, resolution } = await registry.get(agentId).resolvePermission(answer);
      return resolution === undefined ? { agent } : { agent, resolution };
    },
    updateAgent: async (request) => ({ agent: await registry.get(request.agentId).update(changeDetails(request)) }),
    updateAgentSettings: async (request) => ({
      agent: await registry.get(request.agentId).update(changeSettings(request)),
    }),
    clearAttention: async ({ agentId }) => ({ agent: await registry.get(agentId).update(clearAttention) }),
    archiveAgent: async ({ agentId }, context) => ({ agent: await registry.get(agentId).archive(refOf(context)) }),
    deleteAgent: async ({ agentId }) => {
      await registry.delete(agentId);
      return {};
    },
    waitForIdle: ({ agentId, timeout }, { signal }) => waitForIdle(registry.get(agentId), { timeout, signal, clock }),
    listProviders: () => ({ providers: registry.providers.map((provider) => provider.describe()) }),
  };
}

/** Who has called. Empty where that is nobody's session. */
function refOf({ values }: HandlerContext): string {
  return values.get(callSession)?.ref ?? "";
}
