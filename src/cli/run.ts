import { randomUUID } from "node:crypto";
import { constants } from "node:os";
import { createContextValues } from "@connectrpc/connect";
import type { Command } from "commander";
import {
  type Agent,
  AgentFailureReasonSchema,
  AgentStatus,
  type ProcessExit,
} from "../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentService } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { AgentDirectoryService } from "../../gen/moorline/agent/v1/directory_service_pb.ts";
import { idempotencyKey } from "../rpc/context-keys.ts";
import { type CommandContext, runConnected } from "./command.ts";
import { exitCodes } from "./failure.ts";
import { followTimeline } from "./follow-timeline.ts";
import { printItem } from "./tail.ts";

interface RunOptions {
  readonly title?: string;
  readonly cwd?: string;
}

const COMMAND_PROVIDER = "command";
/** What shells add to the number of the signal that ended a process. */
const SIGNAL_BASE = 128;

/** Adds `moorline run -- COMMAND…`: runs a command as an agent, prints what it writes, and ends as it ends. */
export function addRun(program: Command): void {
  const command = program
    .command("run")
    .description("run a command as an agent of the daemon, print its output, and end with its exit code")
    .argument("<command...>", "the program and its arguments, after --")
    .option("--title <text>", "the title of the agent")
    .option("--cwd <path>", "the working directory on the daemon's machine; default: where this command runs");
  runConnected<RunOptions>(command, { connection: "lasting" }, runCommand);
}

async function runCommand(
  { client, output }: CommandContext,
  argv: readonly string[],
  { title = "", cwd = process.cwd() }: RunOptions,
): Promise<number> {
  const task = { case: "command" as const, value: { argv: [...argv] } };
  const contextValues = createContextValues().set(idempotencyKey, randomUUID());
  const request = { providerId: COMMAND_PROVIDER, title, workingDirectory: cwd, task };
  const { agent } = await client.service(AgentService).createAgent(request, { contextValues });
  const agentId = agent?.id ?? "";
  for await (const item of followTimeline(client, agentId)) {
    if (item.content.case === "processExit") return exitCodeOf(item.content.value);
    printItem(output, item);
    if (item.content.case === "error") {
      const failed = await findFailure(client, agentId);
      if (failed !== undefined) {
        output.note(failed);
        return exitCodes.rejected;
      }
    }
  }
  return exitCodes.connection;
}

/** Why the agent cannot go on, where it cannot. */
async function findFailure(client: CommandContext["client"], agentId: string): Promise<string | undefined> {
  const { agent } = await client.service(AgentDirectoryService).getAgent({ agentId });
  return agent?.status === AgentStatus.ERROR ? failureToText(agent) : undefined;
}

function failureToText({ failure }: Agent): string {
  const reason = AgentFailureReasonSchema.value[failure?.reason ?? 0]?.name ?? "";
  return `[${reason}] ${failure?.message ?? ""}`;
}

/** The exit code of a process, or what shells make of the signal that ended it. */
function exitCodeOf({ cause }: ProcessExit): number {
  if (cause.case === "code") return cause.value;
  const number = (constants.signals as Readonly<Record<string, number>>)[cause.value ?? ""];
  return SIGNAL_BASE + (number ?? 0);
}
