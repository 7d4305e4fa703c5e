import { randomUUID } from "node:crypto";
import type { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import { AgentService, type SendPromptRequestSchema } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { Limit, LimitExceededSchema } from "../../gen/moorline/session/v1/error_pb.ts";
import { idempotencyKey } from "../rpc/context-keys.ts";
import type { FollowingClient } from "./follow-timeline.ts";

/** When a prompt is tried again for which there was no room. */
const NO_ROOM_WAIT_MS = 100;

/**
 * Passes a text on to an agent as prompts: its lines, those that come at once as one prompt, then its end. Comes back early
 * where the agent takes no more.
 * @throws ConnectError where a prompt was refused otherwise.
 */
export async function sendInput(client: FollowingClient, agentId: string, input: Readable): Promise<void> {
  input.setEncoding("utf8");
  let rest = "";
  for await (const chunk of input) {
    rest += chunk as string;
    const end = rest.lastIndexOf("\n");
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
      if (error.code === Code.FailedPrecondition) return false;
      if (!isWithoutRoom(error)) throw error;
    }
    await wait(NO_ROOM_WAIT_MS);
  }
}

function isWithoutRoom(error: ConnectError): boolean {
  return error.findDetails(LimitExceededSchema).some(({ limit }) => limit === Limit.PROMPT_BYTES);
}
