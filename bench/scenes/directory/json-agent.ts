import { toJson } from "@bufbuild/protobuf";
import { z } from "zod";
import { type Agent, AgentSchema } from "../../../gen/moorline/agent/v1/agent_pb.ts";

const argv = z.array(z.string());

/** An agent as a daemon with JSON messages would describe it: texts for enums, ISO 8601 for times. */
const jsonAgent = z.object({
  id: z.string(),
  providerId: z.string(),
  title: z.string(),
  workingDirectory: z.string(),
  labels: z.record(z.string(), z.string()),
  status: z.string(),
  failure: z.object({ reason: z.string(), message: z.string() }).optional(),
  attention: z.string().optional(),
  attentionAt: z.string().optional(),
  pendingPermissions: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      command: z.object({ argv, workingDirectory: z.string() }).optional(),
      tool: z.object({ tool: z.string(), inputJson: z.string() }).optional(),
      options: z.array(z.object({ id: z.string(), label: z.string(), decision: z.string() })),
      requestedAt: z.string(),
    }),
  ),
  settings: z.object({ modeId: z.string(), modelId: z.string(), thinkingId: z.string() }),
  lastExit: z.object({ code: z.number().optional(), signal: z.string().optional() }).optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
  archivedAt: z.string().optional(),
  timelineEpoch: z.string(),
});

const entry = z.object({ agent: jsonAgent, revision: z.number().int() });

/** What a server with JSON messages says of its agents. */
export const directoryMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("snapshot"), agents: z.array(entry) }),
  z.object({ type: z.literal("changed"), agent: jsonAgent, revision: z.number().int() }),
]);

/** One agent with the revision of its last change. */
export type JsonEntry = z.infer<typeof entry>;

/** An agent as such a server holds it. */
export function toJsonAgent(agent: Agent): JsonEntry["agent"] {
  return jsonAgent.parse(toJson(AgentSchema, agent));
}
