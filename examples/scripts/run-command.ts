import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import { createDaemonClient, idempotencyKey, loadOrCreateSessionKey } from "moorline";
import { createFileStorage } from "moorline/node";
import { AgentService } from "moorline/schema/moorline/agent/v1/agent_service_pb.js";
import { OutputStream, type TimelineItem } from "moorline/schema/moorline/agent/v1/timeline_pb.js";
import { type TimelineCursor, TimelineService } from "moorline/schema/moorline/agent/v1/timeline_service_pb.js";

const {
  MOORLINE_ENDPOINT: endpoint = "ws://127.0.0.1:7420",
  MOORLINE_STATE: state = "",
  SERVER_ID: serverId = "",
} = process.env;
const client = createDaemonClient({
  endpoint,
  expectedServerId: serverId,
  sessionKey: await loadOrCreateSessionKey(createFileStorage("client"), serverId),
  credential: { bearerToken: readFileSync(`${state}/token`, "utf8") },
  client: { name: "run-command", version: "1.0.0" },
});

/** Under its key the agent is created once, also where the answer was lost and the client asks again. */
async function createAgent(argv: string[]): Promise<string> {
  const contextValues = createContextValues().set(idempotencyKey, randomUUID());
  const task = { case: "command" as const, value: { argv, closeInput: true } };
  const request = { providerId: "command", workingDirectory: process.cwd(), task };
  const { agent } = await client.service(AgentService).createAgent(request, { contextValues });
  return agent?.id ?? "";
}

/** Each item once, over cuts, lost channels and restarts of the daemon. */
async function* followTimeline(agentId: string): AsyncGenerator<TimelineItem, never> {
  let cursor: TimelineCursor | undefined;
  let known = 0n;
  for (;;) {
    try {
      const watch = client
        .service(TimelineService)
        .watchTimeline(cursor === undefined ? { agentId } : { agentId, cursor });
      for await (const { event } of watch) {
        if (event.case === "mark") cursor = event.value.cursor;
        if (event.case !== "itemAppended" || event.value.item === undefined) continue;
        // What came after the last mark comes again after a cut.
        if (event.value.item.seq > known) yield event.value.item;
        known = event.value.item.seq > known ? event.value.item.seq : known;
      }
    } catch (thrown) {
      if (ConnectError.from(thrown).code !== Code.Unavailable) throw thrown;
      await client.ensureConnected();
    }
  }
}

for await (const { content } of followTimeline(await createAgent(process.argv.slice(2)))) {
  if (content.case === "commandOutput") {
    const { stream, data } = content.value;
    process[stream === OutputStream.STDERR ? "stderr" : "stdout"].write(data);
  }
  if (content.case === "error") console.error(content.value.message);
  if (content.case === "error" || content.case === "processExit") {
    const cause = content.case === "processExit" ? content.value.cause : undefined;
    process.exitCode = cause?.case === "code" ? cause.value : 1;
    break;
  }
}
await client.close();
