/**
 * Calls the daemon by `buf curl`, which knows nothing of it but its address: lists the methods by reflection, asks for health,
 * runs a command as an agent, reads directory and timeline, and ends its session. Prints what came back; exits with 1 where it
 * is not what it should be.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openDaemon } from "../src/daemon/daemon.ts";

const service = "moorline.session.v1.SessionService";
const family = "moorline.agent.v1";
const root = fileURLToPath(new URL("..", import.meta.url));
const stateDirectory = await mkdtemp(join(tmpdir(), "moorline-curl-"));
const daemon = await openDaemon({
  stateDirectory,
  program: { name: "curl", version: "0" },
  insecureNoAuth: true,
  logger: { warn() {}, error: console.error },
});
const { port } = await daemon.listen();
const origin = `http://127.0.0.1:${port}`;

try {
  await check("the list of methods", /AgentService\/CreateAgent/, "--list-methods", origin);
  await check("health", /SERVING/, "-d", "{}", `${origin}/grpc.health.v1.Health/Check`);
  await check("who the daemon is", new RegExp(daemon.serverId), "-d", "{}", `${origin}/${service}/Describe`);
  await check(
    "no key",
    /SESSION_KEY_MISSING|there is no session key/,
    "-d",
    "{}",
    `${origin}/${family}.AgentDirectoryService/ListAgents`,
  );
  const key = ["-H", "moorline-session-key: key-of-a-tool-that-is-stock"];
  const call = (method: string, json: object): string[] => [
    ...key,
    "-d",
    JSON.stringify(json),
    `${origin}/${family}.${method}`,
  ];
  const task = { providerId: "command", command: { argv: ["echo", "hello"], closeInput: true } };
  const created = await check("an agent is created", /"id":/, ...call("AgentService/CreateAgent", task));
  const agentId = /"id": *"([^"]+)"/.exec(created)?.[1] ?? "";
  await check("it comes to its end", /AGENT_STATUS_ENDED/, ...call("AgentService/WaitForIdle", { agentId }));
  await check("it is listed", new RegExp(agentId), ...call("AgentDirectoryService/ListAgents", {}));
  const hello = new RegExp(Buffer.from("hello\n").toString("base64"));
  await check("its output is kept", hello, ...call("TimelineService/ListTimeline", { agentId }));
  await check("a session is ended", /\{\s*\}/, ...key, "-d", "{}", `${origin}/${service}/End`);
} finally {
  await daemon.stop();
  await rm(stateDirectory, { recursive: true });
}

async function check(what: string, expected: RegExp, ...args: string[]): Promise<string> {
  const text = await curl(args);
  const isRight = expected.test(text);
  console.log(`${isRight ? "ok" : "FAILED"}: ${what}`);
  if (!isRight) {
    console.error(text);
    process.exitCode = 1;
  }
  return text;
}

/** What `buf curl` prints, on either stream. */
async function curl(args: readonly string[]): Promise<string> {
  const all = ["curl", "--protocol", "grpc", "--http2-prior-knowledge", ...args];
  const outcome = promisify(execFile)(`${root}node_modules/.bin/buf`, all, { cwd: root });
  const { stdout, stderr } = await outcome.catch(
    (error: { readonly stdout: string; readonly stderr: string }) => error,
  );
  return stdout + stderr;
}
