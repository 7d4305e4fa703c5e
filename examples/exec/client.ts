import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { createDaemonClient, loadOrCreateSessionKey } from "moorline";
import { createFileStorage } from "moorline/node";
import { ExecService } from "./gen/exec/v1/exec_pb.ts";

const home = process.env.EXEC_HOME ?? ".exec";
const { endpoint, serverId } = JSON.parse(readFileSync(`${home}/daemon.json`, "utf8"));
const client = createDaemonClient({
  endpoint,
  expectedServerId: serverId,
  sessionKey: await loadOrCreateSessionKey(createFileStorage(`${home}/client`), serverId),
  credential: { bearerToken: readFileSync(`${home}/token`, "utf8") },
  client: { name: "exec-client", version: "1.0.0" },
});

async function* requests() {
  const [program = "", ...args] = process.argv.slice(2);
  yield { request: { case: "start" as const, value: { program, arguments: args } } };
  for await (const line of createInterface({ input: process.stdin })) {
    yield { request: { case: "input" as const, value: line } };
  }
}

for await (const { response } of client.service(ExecService).run(requests())) {
  if (response.case === "line") console.log(response.value.text);
  if (response.case === "exit") process.exitCode = response.value.code;
}
await client.close();
