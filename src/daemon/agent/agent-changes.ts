import { clone, create } from "@bufbuild/protobuf";
import { type Agent, AgentSchema, AgentSettingsSchema } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type {
  UpdateAgentRequest,
  UpdateAgentSettingsRequest,
} from "../../../gen/moorline/agent/v1/agent_service_pb.ts";
import { CapabilityMissingSchema } from "../../../gen/moorline/agent/v1/error_pb.ts";
import { type Provider, ProviderCapability, type ProviderChoice } from "../../../gen/moorline/agent/v1/provider_pb.ts";
import { timestampOf } from "../../wire/timestamp.ts";
import { createInvalid, refusalToError } from "./agent-errors.ts";
import { clearAgentAttention } from "./agent-lifecycle.ts";
import { checkLabels, checkTitle } from "./new-agent.ts";

/**
 * A change that somebody wants to an agent: a changed copy, or the very same agent where nothing is to change.
 * @throws ConnectError where it cannot be made.
 */
export type AgentChange = (agent: Agent, provider: Provider, wallMs: number) => Agent;

/** Takes the attention away. Spec: AGENT-11. */
export const clearAttention: AgentChange = (agent, _, wallMs) => clearAgentAttention(agent, wallMs);

/** Changes title and labels, where they are given. Spec: AGENT-20. */
export function changeDetails({ title, labels }: UpdateAgentRequest): AgentChange {
  return (agent, _, wallMs) => {
    if (title === undefined && labels === undefined) return agent;
    const next = clone(AgentSchema, agent);
    if (title !== undefined) next.title = checkTitle(title);
    if (labels !== undefined) next.labels = checkLabels(labels.labels);
    next.updatedAt = timestampOf(wallMs);
    return next;
  };
}

/** Changes settings, those that are given. Empty: the provider's default. Spec: AGENT-16, AGENT-20. */
export function changeSettings({ modeId, modelId, thinkingId }: UpdateAgentSettingsRequest): AgentChange {
  return (agent, provider, wallMs) => {
    if (modeId === undefined && modelId === undefined && thinkingId === undefined) return agent;
    checkChoice(provider, ProviderCapability.MODES, provider.modes, modeId);
    checkChoice(provider, ProviderCapability.MODELS, provider.models, modelId);
    checkChoice(provider, ProviderCapability.THINKING, provider.thinkingLevels, thinkingId);
    const next = clone(AgentSchema, agent);
    const before = next.settings ?? create(AgentSettingsSchema);
    next.settings = create(AgentSettingsSchema, {
      modeId: modeId ?? before.modeId,
      modelId: modelId ?? before.modelId,
      thinkingId: thinkingId ?? before.thinkingId,
    });
    next.updatedAt = timestampOf(wallMs);
    return next;
  };
}

function checkChoice(
  { id: providerId, capabilities }: Provider,
  capability: ProviderCapability,
  choices: readonly ProviderChoice[],
  chosen: string | undefined,
): void {
  if (chosen === undefined) return;
  if (!capabilities.includes(capability)) {
    const value = create(CapabilityMissingSchema, { providerId, capability });
    throw refusalToError({ case: "capabilityMissing", value });
  }
  if (chosen !== "" && !choices.some(({ id }) => id === chosen)) {
    throw createInvalid(`the provider ${providerId} has no ${JSON.stringify(chosen)}; see ListProviders`);
  }
}
