import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentDirectoryService } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import type { OwnedAgentDirectory } from "../../runtime/mirror/agent-directory.ts";
import { createAgentDirectory } from "../../runtime/mirror/create-agent-directory.ts";
import { systemClock } from "../../transport/system-clock.ts";
import { systemRandom } from "../../transport/system-random.ts";
import type { FollowingClient } from "../follow-timeline.ts";

/** A mirror of the directory, which follows the daemon from now on. @param failed Hears what nobody waits for. */
export function followAgents(
  client: Pick<FollowingClient, "service">,
  failed: (error: unknown) => void,
): OwnedAgentDirectory {
  const peer = { serverId: "", sessionRef: "" };
  const parts = { clock: systemClock, random: systemRandom, peer: () => peer, onError: failed };
  const directory = createAgentDirectory({ service: (desc) => client.service(desc), ...parts }, { order: byId });
  directory.start();
  return directory;
}

/** Every agent that the daemon lists, by their ids. */
export async function listAgents(client: Pick<FollowingClient, "service">): Promise<readonly Agent[]> {
  const agents: Agent[] = [];
  let pageToken = "";
  do {
    const page = await client.service(AgentDirectoryService).listAgents({ pageToken });
    agents.push(...page.agents);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return agents.sort(byId);
}

function byId(a: Agent, b: Agent): number {
  return a.id < b.id ? -1 : 1;
}
