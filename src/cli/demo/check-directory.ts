import { isDeepStrictEqual } from "node:util";
import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { AgentSchema } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { COMMAND_LABEL } from "./messages.ts";

/**
 * Checks that the mirror of a directory is what the daemon lists, and that there is one agent for each command,
 * which people can tell from the others.
 * @param mirrored What the mirror shows, as proto JSON, by id.
 * @param listed What ListAgents gives, in the same way.
 * @param agentIds The agents that were created, one for each command, in their order.
 * @throws Error that says what is not so.
 */
export function checkDirectory(
  mirrored: readonly JsonValue[],
  listed: readonly JsonValue[],
  agentIds: readonly string[],
): void {
  const agents = listed.map((agent) => fromJson(AgentSchema, agent));
  agentIds.forEach((agentId, command) => {
    const ids = agents.filter(({ labels }) => labels[COMMAND_LABEL] === `${command}`).map(({ id }) => id);
    if (ids.length !== 1) throw new Error(`${ids.length} agents were created by one idempotency key`);
    if (ids[0] !== agentId) throw new Error("the directory has another agent than the one that was created");
  });
  if (agents.length !== agentIds.length) throw new Error(`there are ${agents.length} agents, not ${agentIds.length}`);
  if (new Set(agents.map(({ title }) => title)).size !== agents.length) throw new Error("two agents have one title");
  if (!isDeepStrictEqual(mirrored, listed)) throw new Error("the mirror of the directory is not what the daemon lists");
}
