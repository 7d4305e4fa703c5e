import { create } from "@bufbuild/protobuf";
import type { PermissionResolution } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { ErrorItemSchema, UserMessageSchema } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import type { AgentEffect } from "../../../gen/moorline/machine/v1/agent_pb.ts";
import type { RunItem } from "../provider.ts";

/** What effects put into the timeline, in their order. Spec: AGENT-18. */
export function effectsToItems(effects: readonly AgentEffect[]): RunItem[] {
  return effects.flatMap(({ effect }): RunItem[] => {
    if (effect.case === "recordResolution" && effect.value.resolution !== undefined) {
      return [{ case: "permissionResolution", value: effect.value.resolution }];
    }
    if (effect.case === "recordExit" && effect.value.exit !== undefined) {
      return [{ case: "processExit", value: effect.value.exit }];
    }
    if (effect.case === "recordFailure") {
      const { message = "" } = effect.value.failure ?? {};
      return [{ case: "error", value: create(ErrorItemSchema, { message }) }];
    }
    return [];
  });
}

/** How effects say that permissions were decided. */
export function effectsToResolutions(effects: readonly AgentEffect[]): PermissionResolution[] {
  return effects.flatMap(({ effect }) => {
    return effect.case === "recordResolution" && effect.value.resolution !== undefined ? [effect.value.resolution] : [];
  });
}

/** What somebody has said to an agent. */
export function createUserMessage(text: string, sessionRef: string): RunItem {
  return { case: "userMessage", value: create(UserMessageSchema, { text, sessionRef }) };
}
