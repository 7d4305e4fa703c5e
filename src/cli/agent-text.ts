import {
  type Agent,
  AgentAttention,
  AgentAttentionSchema,
  AgentStatusSchema,
} from "../../gen/moorline/agent/v1/agent_pb.ts";
import type { TimelineItem } from "../../gen/moorline/agent/v1/timeline_pb.ts";

/** An agent as a line: id, status, what it wants, title. */
export function agentToText({ id, status, attention, title }: Agent): string {
  const name = shorten(AgentStatusSchema.value[status]?.name ?? `${status}`, "AGENT_STATUS_");
  const wants = attention === AgentAttention.UNSPECIFIED ? "" : `!${attentionToText(attention)}`;
  return [id, name.padEnd(10), wants.padEnd(11), title].join("  ");
}

function attentionToText(attention: AgentAttention): string {
  return shorten(AgentAttentionSchema.value[attention]?.name ?? `${attention}`, "AGENT_ATTENTION_");
}

/** An item that is no output of a process, as a line for people. */
export function itemToText({ seq, content }: TimelineItem): string {
  switch (content.case) {
    case "userMessage":
      return `> ${content.value.text}`;
    case "assistantMessage":
    case "reasoning":
      return content.value.text;
    case "toolCall":
      return `[${content.value.tool}] ${content.value.inputJson}`;
    case "todoList":
      return content.value.entries.map(({ text }) => `- ${text}`).join("\n");
    case "error":
      return `error: ${content.value.message}`;
    case "compaction":
      return `[summed up] ${content.value.summary}`;
    case "permissionResolution":
      return `[permission ${content.value.permissionId}: ${content.value.optionId || "nobody has decided"}]`;
    case "processExit":
      return exitToText(content.value.cause);
    default:
      return `[item ${seq} is of a kind that this version does not know]`;
  }
}

function exitToText(cause: { readonly case?: string | undefined; readonly value?: unknown }): string {
  return cause.case === "signal" ? `[ended by ${cause.value}]` : `[ended with ${cause.value ?? "an unknown code"}]`;
}

function shorten(name: string, prefix: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length).toLowerCase() : name.toLowerCase();
}
