import { readFileSync } from "node:fs";
import { createDaemonClient, loadOrCreateSessionKey } from "moorline";
import { createFileStorage, createJsonLog } from "moorline/node";
import { createClientTracing } from "moorline/otel";
import { ExecService } from "../exec/gen/exec/v1/exec_pb.ts";
import "./tracing.ts";

const home = process.env.EXEC_HOME ?? ".exec";
const { endpoint, serverId } = JSON.parse(readFileSync(`${home}/daemon.json`, "utf8"));
const log = createJsonLog({ name: "exec-client", level: "debug" });
const client = createDaemonClient({
  endpoint,
  expectedServerId: serverId,
  sessionKey: await loadOrCreateSessionKey(createFileStorage(`${home}/client`), serverId),
  credential: { bearerToken: readFileSync(`${home}/token`, "utf8") },
  client: { name: "exec-client", version: "1.0.0" },
  onTransition: log.onTransition,
  onError: log.onError,
  interceptors: [createClientTracing()],
});

async function* requests() {
  const [program = "", ...args] = process.argv.slice(2);
  yield { request: { case: "start" as const, value: { program, arguments: args } } };
}

for await (const { response } of client.service(ExecService).run(requests())) {
  if (response.case === "line") console.log(response.value.text);
}
await client.close();
