import { readFileSync } from "node:fs";
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

    const watching = startAgents(home);
    const following = startAgents(home, "follow", first);
    await Promise.all([
      watching.until(/moorline is ONLINE/),
      watching.until(/first/),
      following.until(/this is first/),
    ]);
    daemon.signal("SIGKILL");
    await daemon.ended;
    const again = await startDaemonCommand(stateDirectory, "--listen", new URL(daemon.endpoint).host);
    const second = await createAgent(again, token, "second");
    await watching.until(new RegExp(`${second} .* second`));
    await watching.until(new RegExp(`${first}  ERROR  first`));
    await interrupt(watching);
    await following.until(/DAEMON_RESTARTED|this is first/);
    following.kill("SIGINT");
    await following.ended;
    again.signal("SIGKILL");
    await again.ended;

    const offline = startAgents(home);
    await Promise.all([offline.until(new RegExp(`${first}  ERROR  first`)), offline.until(/second/)]);
    expect(offline.lines).not.toContain("moorline is ONLINE");
    const stored = startAgents(home, "follow", first);
    await stored.until(/this is first/);
    await interrupt(offline);
  }, 60_000);
});
