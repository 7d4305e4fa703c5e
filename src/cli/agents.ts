import type { Command } from "commander";
import { AgentSchema } from "../../gen/moorline/agent/v1/agent_pb.ts";
import {
  AgentDirectoryService,
  ArchivedFilter,
  type WatchAgentsResponse,
  WatchAgentsResponseSchema,
} from "../../gen/moorline/agent/v1/directory_service_pb.ts";
import { agentToText } from "./agent-text.ts";
import { type CommandContext, runConnected } from "./command.ts";

interface AgentsOptions {
  readonly watch?: boolean;
  readonly archived?: boolean;
}

/** Adds `moorline agents`: lists the agents of a daemon, or follows them. */
export function addAgents(program: Command): void {
  const command = program
    .command("agents")
    .description("list the agents of a daemon")
    .option("--watch", "go on with every change, until it is interrupted")
    .option("--archived", "show archived agents too");
  runConnected<AgentsOptions>(command, { connection: "lasting" }, (context, _args, { watch, archived }) => {
    const filter = { archived: archived === true ? ArchivedFilter.INCLUDED : ArchivedFilter.UNSPECIFIED };
    return watch === true ? watchAgents(context, filter) : listAgents(context, filter);
  });
}

async function listAgents(
  { client, output }: CommandContext,
  filter: { archived: ArchivedFilter },
): Promise<undefined> {
  const directory = client.service(AgentDirectoryService);
  let pageToken = "";
  do {
    const page = await directory.listAgents({ filter, pageToken });
    for (const agent of page.agents) output.message(AgentSchema, agent, agentToText);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return undefined;
}

async function watchAgents(
  { client, output }: CommandContext,
  filter: { archived: ArchivedFilter },
): Promise<undefined> {
  const directory = client.service(AgentDirectoryService);
  for await (const response of directory.watchAgents({ filter })) {
    output.message(WatchAgentsResponseSchema, response, eventToText);
  }
  return undefined;
}

function eventToText({ event }: WatchAgentsResponse): string {
  switch (event.case) {
    case "snapshotBegan":
      return `-- ${event.value.total} agents`;
    case "agentsChanged": {
      const upserted = event.value.upserted.flatMap(({ agent }) => (agent === undefined ? [] : [agentToText(agent)]));
      return [...upserted, ...event.value.removedIds.map((id) => `${id}  gone`)].join("\n");
    }
    case "mark":
      return `-- revision ${event.value.cursor?.revision ?? 0n}`;
    default:
      return "-- something that this version does not know";
  }
}
