import { randomUUID } from "node:crypto";
import { createContextValues } from "@connectrpc/connect";
import type { Command } from "commander";
import { type Agent, AgentSchema } from "../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentService } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { idempotencyKey } from "../rpc/context-keys.ts";
import { agentToText } from "./agent-text.ts";
import { runConnected } from "./command.ts";
import type { Output } from "./output.ts";

/** Adds `moorline send`, `cancel` and `archive`: each does one thing to an agent, and shows it as it is then. */
export function addAgentCommands(program: Command): void {
  const send = program
    .command("send")
    .description("give an agent a prompt")
    .argument("<agent>", "the id of the agent")
    .argument("<text...>", "the prompt");
  runConnected(send, { connection: "lasting" }, async ({ client, output }, [agentId = "", ...words]) => {
    const contextValues = createContextValues().set(idempotencyKey, randomUUID());
    const request = { agentId, text: words.join(" ") };
    return show(output, (await client.service(AgentService).sendPrompt(request, { contextValues })).agent);
  });
  const cancel = program
    .command("cancel")
    .description("cancel the turn of an agent")
    .argument("<agent>", "the id of the agent");
  runConnected(cancel, { connection: "lasting" }, async ({ client, output }, [agentId = ""]) =>
    show(output, (await client.service(AgentService).cancelTurn({ agentId })).agent),
  );
  const archive = program
    .command("archive")
    .description("put an agent away; its timeline is kept")
    .argument("<agent>", "the id of the agent");
  runConnected(archive, { connection: "lasting" }, async ({ client, output }, [agentId = ""]) =>
    show(output, (await client.service(AgentService).archiveAgent({ agentId })).agent),
  );
}

function show(output: Output, agent: Agent | undefined): number {
  if (agent !== undefined) output.message(AgentSchema, agent, agentToText);
  return 0;
}
