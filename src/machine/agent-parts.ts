import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import {
  type PendingPermission,
  PermissionDecision,
  type PermissionResolution,
  PermissionResolutionSchema,
  PermissionResolver,
} from "../../gen/moorline/agent/v1/agent_pb.ts";
import {
  type AgentEffect,
  AgentEffectSchema,
  type AgentEvent_PermissionResolved,
  type AgentState,
  AgentStateSchema,
} from "../../gen/moorline/machine/v1/agent_pb.ts";

type StateInit = Exclude<MessageInitShape<typeof AgentStateSchema>["state"], { case?: undefined } | undefined>;
type EffectInit = Exclude<MessageInitShape<typeof AgentEffectSchema>["effect"], { case?: undefined } | undefined>;

/** Makes a state of an agent's machine. */
export function agentState(state: StateInit): AgentState {
  return create(AgentStateSchema, { state });
}

/** Makes an effect of an agent's machine. */
export function agentEffect(effect: EffectInit): AgentEffect {
  return create(AgentEffectSchema, { effect });
}

/** Records that permissions were decided by nobody: their turn is over. Spec: AGENT-13. */
export function cancelPermissions(pending: readonly PendingPermission[], at: Timestamp | undefined): AgentEffect[] {
  return pending.map(({ id }) =>
    record(
      create(PermissionResolutionSchema, {
        permissionId: id,
        decision: PermissionDecision.DENY,
        resolvedBy: PermissionResolver.CANCELLATION,
        ...(at === undefined ? {} : { resolvedAt: at }),
      }),
    ),
  );
}

/** Records what a client has decided. A decision of a newer version counts as DENY. */
export function recordDecision(
  { permissionId, optionId, sessionRef, at }: AgentEvent_PermissionResolved,
  decision: PermissionDecision,
): AgentEffect {
  return record(
    create(PermissionResolutionSchema, {
      permissionId,
      optionId,
      decision: decision === PermissionDecision.UNSPECIFIED ? PermissionDecision.DENY : decision,
      resolvedBy: PermissionResolver.CLIENT,
      sessionRef,
      ...(at === undefined ? {} : { resolvedAt: at }),
    }),
  );
}

function record(resolution: PermissionResolution): AgentEffect {
  return agentEffect({ case: "recordResolution", value: { resolution } });
}
