import { Readable } from "node:stream";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AgentStatus } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentService } from "../../../gen/moorline/agent/v1/agent_service_pb.ts";
import { AgentStatusConflictSchema, InputClosedSchema } from "../../../gen/moorline/agent/v1/error_pb.ts";
import type { FollowingClient } from "../../../src/cli/follow-timeline.ts";
import { sendInput } from "../../../src/cli/send-input.ts";

/** A client of a daemon that answers prompts with these errors, one after the other, then takes them. */
function clientOf(taken: string[], ...refusals: ConnectError[]): FollowingClient {
  const transport = createRouterTransport(({ service }) => {
    service(AgentService, {
      sendPrompt({ text, closeInput }) {
        const refusal = refusals.shift();
        if (refusal !== undefined) throw refusal;
        taken.push(closeInput ? `${text}|end` : text);
        return {};
      },
    });
  });
  return { service: (service) => createClient(service, transport), ensureConnected: async () => undefined };
}

function conflict(status: AgentStatus): ConnectError {
  const detail = { desc: AgentStatusConflictSchema, value: { agentId: "a", status } };
  return new ConnectError("the agent is in another status", Code.FailedPrecondition, undefined, [detail]);
}

describe("sendInput", () => {
  it("loses nothing that comes before the command has begun [AGENT-6, AGENT-16]", async () => {
    const taken: string[] = [];
    const client = clientOf(taken, conflict(AgentStatus.STARTING), conflict(AgentStatus.WAITING_FOR_PERMISSION));
    await sendInput(client, "a", Readable.from(["one\ntwo\n", "three"]));
    expect(taken).toEqual(["one\ntwo", "three|end"]);
  });

  it.each([
    ["it has ended", conflict(AgentStatus.ENDED)],
    [
      "its input was closed",
      new ConnectError("closed", Code.FailedPrecondition, undefined, [{ desc: InputClosedSchema, value: {} }]),
    ],
  ])("comes back where the agent takes no more, for %s [AGENT-6, AGENT-16]", async (_, refusal) => {
    const taken: string[] = [];
    await sendInput(clientOf(taken, refusal), "a", Readable.from(["one\n", "two\n"]));
    expect(taken).toEqual([]);
  });

  it("gathers no line without end [AGENT-20]", async () => {
    let given = 0;
    function* endless() {
      for (;;) {
        given += 1;
        yield "x".repeat(65_536);
      }
    }
    const sending = sendInput(clientOf([]), "a", Readable.from(endless(), { highWaterMark: 1 }));
    await expect(sending).rejects.toMatchObject({ code: "OPTION_INVALID" });
    expect(given).toBeLessThan(10);
  });

  it("fails with any other refusal", async () => {
    const client = clientOf([], new ConnectError("no", Code.InvalidArgument));
    await expect(sendInput(client, "a", Readable.from(["one\n"]))).rejects.toMatchObject({
      code: Code.InvalidArgument,
    });
  });
});
