import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { AgentService } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { type RunningDaemon, startDaemonCommand } from "../support/daemon-command.ts";
import { type ExampleProcess, startExample } from "../support/example-process.ts";
import { createTestDirectory } from "../support/open-daemon.ts";

function startAgents(home: string, ...args: string[]): ExampleProcess {
  return startExample("examples/cli/agents.ts", args, { env: { AGENTS_HOME: home } });
}

/** Ends a program as Ctrl-C does. */
async function interrupt(program: ExampleProcess): Promise<void> {
  program.kill("SIGINT");
  expect([await program.ended, program.errors]).toEqual([0, []]);
}

/** Starts one that says its name, waits for a line of input, and says that. @returns Its id. */
async function createAgent(daemon: RunningDaemon, token: string, title: string): Promise<string> {
  const argv = ["sh", "-c", `echo "this is ${title}"; read -r line; echo "$line"; exit 3`];
  const request = { providerId: "command", title, task: { case: "command" as const, value: { argv } } };
  const { agent } = await daemon.client({ bearerToken: token }).service(AgentService).createAgent(request);
  return agent?.id ?? "";
}

describe("examples/cli", () => {
  it("shows agents and what they write over restarts of the daemon, and from the disk without it [MIRROR-1] [HOST-15]", async () => {
    const stateDirectory = createTestDirectory();
    const home = join(createTestDirectory(), "home");
    const daemon = await startDaemonCommand(stateDirectory);
    const token = readFileSync(`${stateDirectory}/token`, "utf8");
    const first = await createAgent(daemon, token, "first");
    const adding = startAgents(home, "add", daemon.endpoint, `${stateDirectory}/token`);
    expect([await adding.ended, adding.lines, adding.errors]).toEqual([0, ["added moorline"], []]);

    // Each program has a directory of its own, so that what it has saved is its own.
    const other = join(createTestDirectory(), "home");
    cpSync(home, other, { recursive: true });
    const watching = startAgents(home);
    const following = startAgents(other, "follow", first);
    await Promise.all([
      watching.until(/moorline is ONLINE/),
      watching.until(/first/),
      following.until(/this is first/),
    ]);
    await createAgent(daemon, token, "second");
    await watching.until(/second/);
    await Promise.all([interrupt(watching), interrupt(following)]);
    daemon.signal("SIGKILL");
    await daemon.ended;

    const [offline, stored] = [startAgents(home), startAgents(other, "follow", first)];
    await Promise.all([offline.until(/first/), stored.until(/this is first/)]);
    expect(offline.lines).not.toContain("moorline is ONLINE");
    const again = await startDaemonCommand(stateDirectory, "--listen", new URL(daemon.endpoint).host);
    await Promise.all([/moorline is ONLINE/, / {2}ERROR {2}first/, /second/].map((line) => offline.until(line)));
    await again.client({ bearerToken: token }).service(AgentService).deleteAgent({ agentId: first });
    // It hears that there is no such agent any more.
    expect([await stored.ended, stored.lines]).toEqual([1, ["this is first"]]);
    await interrupt(offline);
  }, 60_000);
});
