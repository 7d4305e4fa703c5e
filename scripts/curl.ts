/**
 * Calls a daemon by `buf curl`, which knows nothing of it but its address: lists the methods by reflection, asks for health,
 * and ends a session. Prints what came back; exits with 1 where it is not what it should be.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createDaemonServer, createIdentity } from "../src/server/index.ts";

const service = "moorline.session.v1.SessionService";
const root = fileURLToPath(new URL("..", import.meta.url));
const server = createDaemonServer({
  identity: createIdentity({ name: "curl", version: "0" }),
  insecureNoAuth: true,
  logger: { warn() {}, error: console.error },
});
const { port } = await server.listen();
const origin = `http://127.0.0.1:${port}`;

try {
  await check("the list of methods", /SessionService\/Describe/, "--list-methods", origin);
  await check("health", /SERVING/, "-d", "{}", `${origin}/grpc.health.v1.Health/Check`);
  await check("who the daemon is", new RegExp(server.serverId), "-d", "{}", `${origin}/${service}/Describe`);
  await check("no key", /SESSION_KEY_MISSING|there is no session key/, "-d", "{}", `${origin}/${service}/End`);
  const key = "moorline-session-key: key-of-a-tool-that-is-stock";
  await check("a key", /\{\s*\}/, "-H", key, "-d", "{}", `${origin}/${service}/End`);
} finally {
  await server.close();
}

async function check(what: string, expected: RegExp, ...args: string[]): Promise<void> {
  const text = await curl(args);
  const isRight = expected.test(text);
  console.log(`${isRight ? "ok" : "FAILED"}: ${what}`);
  if (isRight) return;
  console.error(text);
  process.exitCode = 1;
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
