import { randomUUID } from "node:crypto";
import type { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import { AgentStatus } from "../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentService, type SendPromptRequestSchema } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { AgentStatusConflictSchema } from "../../gen/moorline/agent/v1/error_pb.ts";
import { Limit, LimitExceededSchema } from "../../gen/moorline/session/v1/error_pb.ts";
import { idempotencyKey } from "../rpc/context-keys.ts";
import { MoorlineError } from "../wire/moorline-error.ts";
import type { FollowingClient } from "./follow-timeline.ts";

/** When a prompt is tried again for which there was no room, or which came too early. */
const RETRY_WAIT_MS = 100;

/** A prompt has at most 256 KiB, and a line that is longer is not gathered. */
const MAX_LINE_LENGTH = 262_144;

/** What an agent may be in before it takes prompts. */
const EARLY: ReadonlySet<AgentStatus> = new Set([AgentStatus.STARTING, AgentStatus.WAITING_FOR_PERMISSION]);

/**
 * Passes a text on to an agent as prompts: its lines, those that come at once as one prompt, then its end. Comes back early
 * where the agent takes no more.
 * @throws ConnectError where a prompt was refused otherwise; MoorlineError OPTION_INVALID for a line that no prompt can have.
 */
export async function sendInput(client: FollowingClient, agentId: string, input: Readable): Promise<void> {
  input.setEncoding("utf8");
  let rest = "";
  for await (const chunk of input) {
    rest += chunk as string;
    const end = rest.lastIndexOf("\n");
    if (end < 0 && rest.length > MAX_LINE_LENGTH) throw tooLong();
    if (end < 0) continue;
    if (!(await sendPrompt(client, { agentId, text: rest.slice(0, end) }))) return;
    rest = rest.slice(end + 1);
  }
  await sendPrompt(client, { agentId, text: rest, closeInput: true });
}

/** @returns Whether it was taken; false where the agent takes none any more. */
async function sendPrompt(
  client: FollowingClient,
  request: MessageInitShape<typeof SendPromptRequestSchema>,
): Promise<boolean> {
  for (;;) {
    try {
      const contextValues = createContextValues().set(idempotencyKey, randomUUID());
      await client.service(AgentService).sendPrompt(request, { contextValues });
      return true;
    } catch (thrown) {
      const error = ConnectError.from(thrown);
      if (!isWithoutRoom(error) && !isEarly(error)) {
        if (error.code === Code.FailedPrecondition) return false;
        throw error;
      }
    }
    await wait(RETRY_WAIT_MS);
  }
}

function tooLong(): MoorlineError {
  const text = `A line of the input has more than ${MAX_LINE_LENGTH} characters.`;
  return new MoorlineError("OPTION_INVALID", text, { action: "Give such input in a file that the command reads." });
}

/** The command has not begun: it is being started, or somebody has to allow it first. */
function isEarly(error: ConnectError): boolean {
  return error.findDetails(AgentStatusConflictSchema).some(({ status }) => EARLY.has(status));
}

function isWithoutRoom(error: ConnectError): boolean {
  return error.findDetails(LimitExceededSchema).some(({ limit }) => limit === Limit.PROMPT_BYTES);
}
