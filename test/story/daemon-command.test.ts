import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { AgentFailureReason, AgentStatus } from "../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentService } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { AgentDirectoryService } from "../../gen/moorline/agent/v1/directory_service_pb.ts";
import { OutputStream } from "../../gen/moorline/agent/v1/timeline_pb.ts";
import { TimelineService } from "../../gen/moorline/agent/v1/timeline_service_pb.ts";
import type { DaemonClient } from "../../src/client/index.ts";
import { runDaemonCommand, startDaemonCommand } from "../support/daemon-command.ts";
import { createTestDirectory } from "../support/open-daemon.ts";
import { createSelfSigned } from "../support/self-signed.ts";

const FREE = ["--listen", "127.0.0.1:0"];

function readToken(stateDirectory: string): string {
  return readFileSync(join(stateDirectory, "token"), "utf8");
}

/** Runs the command, which fails. @returns The code of its error and what it has ended with. */
async function failureOf(...args: string[]): Promise<readonly [string, number | undefined]> {
  const { stdout, exitCode } = await runDaemonCommand("--json", ...args);
  expect(stdout.split("\n")).toHaveLength(1);
  const { error } = JSON.parse(stdout) as { error: { code: string; action: string } };
  expect(error.action).not.toBe("");
  return [error.code, exitCode];
}

async function create(client: DaemonClient, ...argv: string[]): Promise<string> {
  const task = { case: "command" as const, value: { argv } };
  return (await client.service(AgentService).createAgent({ providerId: "command", task })).agent?.id ?? "";
}

/** What a command has written on its standard output; a shell may say more on the other. */
async function outputOf(client: DaemonClient, agentId: string): Promise<string> {
  const { items } = await client.service(TimelineService).listTimeline({ agentId, pageSize: 1_000 });
  const outputs = items.flatMap(({ content }) => (content.case === "commandOutput" ? [content.value] : []));
  const written = outputs.filter(({ stream }) => stream === OutputStream.STDOUT).map(({ data }) => data);
  return Buffer.concat(written).toString();
}

describe("moorline daemon, called wrongly", () => {
  it("ends with 2 where an option is none, and touches nothing [DAEMON-4]", async () => {
    const stateDirectory = join(createTestDirectory(), "state");
    const fails = (...args: string[]) => failureOf("--state-dir", stateDirectory, ...args);
    const wrong = [["--unknown"], ["extra"], ["--listen", "127.0.0.1"], ["--listen", "127.0.0.1:65536"]];
    expect(await Promise.all(wrong.map((args) => fails(...args)))).toEqual(wrong.map(() => ["USAGE", 2]));
    expect(existsSync(stateDirectory)).toBe(false);
  });

  it("ends with 1 where a file is missing, malformed, or half of a certificate, and touches nothing [DAEMON-4, AGENT-8]", async () => {
    const directory = createTestDirectory();
    const [policy, stateDirectory] = [join(directory, "policy.json"), join(directory, "state")];
    writeFileSync(policy, '[{ "argv": ["rm"], "verdict": "denie" }]');
    const wrong = [
      ["--policy", policy],
      ["--policy", "/nowhere/policy.json"],
      ["--tls-cert", policy],
      ["--tls-key", policy],
      ["--tls-cert", "/nowhere/cert.pem", "--tls-key", policy],
    ];
    const fails = (...args: string[]) => failureOf(...FREE, "--state-dir", stateDirectory, ...args);
    expect(await Promise.all(wrong.map((args) => fails(...args)))).toEqual(wrong.map(() => ["OPTION_INVALID", 1]));
    expect(existsSync(stateDirectory)).toBe(false);
  });

  it("ends with 1 where it would be open to the network [DAEMON-4, AUTH-1, AUTH-5]", async () => {
    const directory = createTestDirectory();
    const { cert, key } = createSelfSigned();
    writeFileSync(join(directory, "cert"), cert);
    writeFileSync(join(directory, "key"), key);
    const tls = ["--tls-cert", join(directory, "cert"), "--tls-key", join(directory, "key")];
    const insecure = [[], ["--insecure-no-auth"], ["--insecure-no-auth", ...tls]].map((args, index) => {
      return failureOf("--listen", "0.0.0.0:0", "--state-dir", join(directory, `state ${index}`), ...args);
    });
    expect(await Promise.all(insecure)).toEqual(insecure.map(() => ["INSECURE_LISTEN", 1]));
  });
});

describe("moorline daemon, where it cannot start", () => {
  it("ends with 1 beside another one on its directory, which goes on with its token [DAEMON-1, DAEMON-4]", async () => {
    const stateDirectory = createTestDirectory();
    const first = await startDaemonCommand(stateDirectory);
    const token = readToken(stateDirectory);
    expect(await failureOf(...FREE, "--state-dir", stateDirectory)).toEqual(["DATABASE_LOCKED", 1]);
    expect(readToken(stateDirectory)).toBe(token);
    const client = first.client({ bearerToken: token });
    expect(await create(client, "true")).not.toBe("");
  });

  it("ends with 1 where another program listens, and is free again [DAEMON-4, DAEMON-5]", async () => {
    const stateDirectory = createTestDirectory();
    const other = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void other.close());
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as { port: number };
    const args = ["--state-dir", stateDirectory, "--listen", `127.0.0.1:${port}`];
    expect(await failureOf(...args)).toEqual(["PORT_IN_USE", 1]);
    await startDaemonCommand(stateDirectory);
  });
});

describe("moorline daemon, told to stop", () => {
  it("says once where it listens, ends its agents, keeps how they ended and all of their output, and exits with 0 [DAEMON-4, DAEMON-5, AGENT-22]", async () => {
    const stateDirectory = createTestDirectory();
    const first = await startDaemonCommand(stateDirectory, "--insecure-no-auth");
    const client = first.client();
    const script = "trap 'echo stopping; seq 1 5000; exit 7' TERM; echo ready; while :; do sleep 0.05; done";
    const agentId = await create(client, "sh", "-c", script);
    await expect.poll(() => outputOf(client, agentId)).toBe("ready\n");
    first.signal("SIGTERM");
    expect(await first.ended).toBe(0);
    const second = await startDaemonCommand(stateDirectory, "--insecure-no-auth");
    expect(second.serverId).toBe(first.serverId);
    const later = second.client();
    const { agents } = await later.service(AgentDirectoryService).listAgents({});
    expect(agents).toMatchObject([
      {
        id: agentId,
        status: AgentStatus.ERROR,
        failure: { reason: AgentFailureReason.DAEMON_RESTARTED },
        lastExit: { cause: { case: "code", value: 7 } },
      },
    ]);
    const lines = Array.from({ length: 5_000 }, (_, index) => `${index + 1}\n`);
    expect(await outputOf(later, agentId)).toBe(`ready\nstopping\n${lines.join("")}`);
    const { items } = await later.service(TimelineService).listTimeline({ agentId });
    expect(items.slice(-2).map(({ content }) => content.case)).toEqual(["error", "processExit"]);
  });

  it("ends at once at the second signal, and the next one has everything that was shown [DAEMON-4, AGENT-15]", async () => {
    const stateDirectory = createTestDirectory();
    const first = await startDaemonCommand(stateDirectory, "--insecure-no-auth");
    const client = first.client();
    const mark = join(createTestDirectory(), "told");
    const script = `trap 'touch "$1"' TERM; echo ready; while :; do sleep 0.05; done`;
    const agentId = await create(client, "sh", "-c", script, "sh", mark);
    await expect.poll(() => outputOf(client, agentId)).toBe("ready\n");
    first.signal("SIGTERM");
    await expect.poll(() => existsSync(mark)).toBe(true);
    first.signal("SIGTERM");
    expect(await first.ended).toBe("SIGTERM");
    const later = (await startDaemonCommand(stateDirectory, "--insecure-no-auth")).client();
    const { agents } = await later.service(AgentDirectoryService).listAgents({});
    expect(agents).toMatchObject([
      { id: agentId, status: AgentStatus.ERROR, failure: { reason: AgentFailureReason.DAEMON_RESTARTED } },
    ]);
    expect(await outputOf(later, agentId)).toBe("ready\n");
  });
});
