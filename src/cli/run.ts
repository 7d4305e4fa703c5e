import { randomUUID } from "node:crypto";
import { constants } from "node:os";
import { createContextValues } from "@connectrpc/connect";
import type { Command } from "commander";
import { type Agent, AgentFailureReasonSchema, type ProcessExit } from "../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentService } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { type TimelineItem, TimelineItemSchema } from "../../gen/moorline/agent/v1/timeline_pb.ts";
import { idempotencyKey } from "../rpc/context-keys.ts";
import { type CommandContext, runConnected } from "./command.ts";
import { exitCodes, type Failure } from "./failure.ts";
import { followTimeline } from "./follow-timeline.ts";
import type { Output } from "./output.ts";
import { sendInput } from "./send-input.ts";
import { printItem } from "./tail.ts";
import { waitForIdle } from "./wait-for-idle.ts";

interface RunOptions {
  readonly title?: string;
  readonly cwd?: string;
  readonly input?: boolean;
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
    .option("--cwd <path>", "the working directory on the daemon's machine; default: where this command runs")
    .option("-i, --input", "pass standard input on to the command, line by line; default: it gets none");
  runConnected<RunOptions>(command, { connection: "lasting" }, runCommand);
}

async function runCommand(
  { client, output }: CommandContext,
  argv: readonly string[],
  { title = "", cwd = process.cwd(), input = false }: RunOptions,
): Promise<number> {
  const task = { case: "command" as const, value: { argv: [...argv], closeInput: !input } };
  const contextValues = createContextValues().set(idempotencyKey, randomUUID());
  const request = { providerId: COMMAND_PROVIDER, title, workingDirectory: cwd, task };
  const { agent } = await client.service(AgentService).createAgent(request, { contextValues });
  const agentId = agent?.id ?? "";
  try {
    const over = waitUntilOver(client, agentId, input);
    for await (const item of followTimeline(client, agentId, over)) {
      if (item.content.case === "processExit") return exitCodeOf(item.content.value);
      show(output, item);
    }
    output.failure(agentToFailure(await over));
    return exitCodes.rejected;
  } finally {
    if (input) process.stdin.destroy();
  }
}

/** Passes the input on. Settles when the agent is at its end, or its input was refused. */
function waitUntilOver(client: CommandContext["client"], agentId: string, input: boolean): Promise<Agent> {
  const idle = waitForIdle(client, agentId);
  const sent = input ? sendInput(client, agentId, process.stdin) : Promise.resolve();
  const over = Promise.race([idle, sent.then(() => idle)]);
  // Who leaves early does not ask for it.
  over.catch(() => undefined);
  return over;
}

/** Prints an item. People have seen what they typed. */
function show(output: Output, item: TimelineItem): void {
  if (item.content.case === "userMessage") output.json(TimelineItemSchema, item);
  else printItem(output, item);
}

/** Why an agent is at its end without a process that has ended. */
function agentToFailure({ id, failure }: Agent): Failure {
  return {
    code: AgentFailureReasonSchema.value[failure?.reason ?? 0]?.name ?? "",
    reason: "",
    message: `${failure?.message ?? "the agent has ended"}.`,
    action: `See what it has done by \`moorline tail ${id}\`.`,
    exitCode: exitCodes.rejected,
  };
}

/** The exit code of a process, or what shells make of the signal that ended it. */
function exitCodeOf({ cause }: ProcessExit): number {
  if (cause.case === "code") return cause.value;
  const number = (constants.signals as Readonly<Record<string, number>>)[cause.value ?? ""];
  return SIGNAL_BASE + (number ?? 0);
}
