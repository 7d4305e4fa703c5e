import { Code, ConnectError } from "@connectrpc/connect";
import { AgentNotFoundSchema } from "../../../gen/moorline/agent/v1/error_pb.ts";

/** There is no such agent: NOT_FOUND with AgentNotFound. Spec: DIR-21. */
export function createAgentNotFound(agentId: string): ConnectError {
  const detail = { desc: AgentNotFoundSchema, value: { agentId } };
  return new ConnectError("there is no such agent", Code.NotFound, undefined, [detail]);
}
