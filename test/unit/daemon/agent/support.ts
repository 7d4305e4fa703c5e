import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type Agent,
  AgentAttention,
  AgentFailureReason,
  AgentFailureSchema,
  AgentSchema,
  AgentStatus,
  type PendingPermission,
  PendingPermissionSchema,
  PermissionDecision,
} from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import type { AgentEvent } from "../../../../gen/moorline/machine/v1/agent_pb.ts";
import { agentEvent } from "../../../../src/machine/agent.ts";

/** When everything happens in these tests. */
export const NOW_MS = 1_700_000_000_000;

const at = timestampFromMs(NOW_MS);

/** A permission with the options `allow` and `deny`. */
export function permission(id: string): PendingPermission {
  return create(PendingPermissionSchema, {
    id,
    title: "Run it",
    options: [
      { id: "allow", label: "Allow", decision: PermissionDecision.ALLOW_ONCE },
      { id: "deny", label: "Deny", decision: PermissionDecision.DENY },
    ],
  });
}

/** An agent in a status, with what belongs to it; waiting for the permission `p`. */
export function agentIn(status: AgentStatus): Agent {
  const agent = create(AgentSchema, { id: "a", title: "t", status, updatedAt: timestampFromMs(1) });
  if (status === AgentStatus.WAITING_FOR_PERMISSION) {
    agent.pendingPermissions = [permission("p")];
    agent.attention = AgentAttention.PERMISSION;
    agent.attentionAt = timestampFromMs(1);
  }
  if (status === AgentStatus.ERROR) {
    const reason = AgentFailureReason.PROCESS_EXITED;
    agent.failure = create(AgentFailureSchema, { reason, message: "gone" });
    agent.attention = AgentAttention.ERROR;
    agent.attentionAt = timestampFromMs(1);
  }
  return agent;
}

/** One event of every kind, by its name in the schema. */
export const events: Readonly<Record<string, AgentEvent>> = {
  run_started: agentEvent({ case: "runStarted", value: {} }),
  prompt_sent: agentEvent({ case: "promptSent", value: {} }),
  turn_ended: agentEvent({ case: "turnEnded", value: { at } }),
  permission_asked: agentEvent({ case: "permissionAsked", value: { permission: permission("q"), at } }),
  permission_resolved: agentEvent({
    case: "permissionResolved",
    value: { permissionId: "p", optionId: "allow", sessionRef: "0123456789abcdef", at },
  }),
  cancel_requested: agentEvent({ case: "cancelRequested", value: { at } }),
  run_ended: agentEvent({ case: "runEnded", value: { exit: { cause: { case: "code", value: 3 } }, at } }),
  run_failed: agentEvent({
    case: "runFailed",
    value: { failure: { reason: AgentFailureReason.PROVIDER_FAILED, message: "broken" }, at },
  }),
  daemon_restarted: agentEvent({ case: "daemonRestarted", value: { at } }),
};
