import { Code, ConnectError } from "@connectrpc/connect";
import type { Agent } from "../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentService } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { AskAgain } from "./ask-again.ts";
import type { FollowingClient } from "./follow-timeline.ts";

/**
 * Waits until no turn of an agent is under way, however long that takes, over lost connections and restarts of the daemon.
 * Everything that the turn has left in the timeline is there then.
 * @returns The agent, as it is then.
 * @throws ConnectError NOT_FOUND where the agent is deleted; MoorlineError where there will be no connection any more.
 */
export async function waitForIdle(client: FollowingClient, agentId: string): Promise<Agent> {
  const again = new AskAgain(client);
  for (;;) {
    try {
      const { agent, timedOut } = await client.service(AgentService).waitForIdle({ agentId }, { timeoutMs: 0 });
      if (agent !== undefined && !timedOut) return agent;
    } catch (thrown) {
      const error = ConnectError.from(thrown);
      if (error.code !== Code.Unavailable) throw error;
    }
    await again.ready();
  }
}
