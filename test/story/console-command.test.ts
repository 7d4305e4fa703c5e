import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { buildConsole } from "../../scripts/build-console.ts";
import { firstLine, type MoorlineCommand, startMoorline } from "../support/moorline-command.ts";
import { createTestDirectory } from "../support/open-daemon.ts";

/** Starts a command for the length of a test. */
function start(...args: string[]): MoorlineCommand {
  const command = startMoorline(args);
  onTestFinished(async () => {
    command.kill("SIGKILL");
    await command;
  });
  return command;
}

async function twoLines(command: MoorlineCommand): Promise<string[]> {
  let text = "";
  for await (const chunk of command.stdout) {
    text += String(chunk);
    if (text.split("\n").length > 2) break;
  }
  return text.split("\n").slice(0, 2);
}

const inNone = (stateDirectory: string): string[] => [
  "daemon",
  "--listen",
  "127.0.0.1:0",
  "--state-dir",
  stateDirectory,
];

describe("the console of the command line", () => {
  beforeAll(() => buildConsole("production", true), 60_000);

  it("is served by a daemon, whose address for people has the token in the fragment [CONSOLE-5]", async () => {
    const stateDirectory = createTestDirectory();
    const [listening = "", console = ""] = await twoLines(start(...inNone(stateDirectory)));
    const token = readFileSync(join(stateDirectory, "token"), "utf8").trim();
    const url = listening.replace("listening on ws", "http");
    expect(console).toBe(`console at ${url}#token=${token}`);
    const page = await fetch(url);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("Moorline console")]);
  });

  it("has no token in its address for programs, and none where everybody is let in [CONSOLE-5, DAEMON-4]", async () => {
    const stateDirectory = createTestDirectory();
    const line = await firstLine(start(...inNone(stateDirectory), "--json"));
    const { endpoint, console } = JSON.parse(line) as { endpoint: string; console: string };
    expect(console).toBe(endpoint.replace("ws", "http"));
    expect(line).not.toContain(readFileSync(join(stateDirectory, "token"), "utf8").trim());
    const [, open = ""] = await twoLines(start(...inNone(createTestDirectory()), "--insecure-no-auth"));
    expect(open).toMatch(/^console at http:\/\/127\.0\.0\.1:\d+\/$/);
  });

  it("is left out where nobody wants it [CONSOLE-5]", async () => {
    const line = await firstLine(start(...inNone(createTestDirectory()), "--no-console", "--json"));
    const { endpoint, ...ready } = JSON.parse(line) as { endpoint: string };
    expect(Object.keys(ready).sort()).toEqual(["pid", "ready", "serverId"]);
    expect((await fetch(endpoint.replace("ws", "http"))).status).toBe(426);
  });

  it("is served without a daemon, until a signal [CONSOLE-6]", async () => {
    const command = start("console", "--port", "0", "--json");
    const { console: url, ready } = JSON.parse(await firstLine(command)) as { console: string; ready: boolean };
    expect([ready, (await fetch(url)).status]).toEqual([true, 200]);
    command.kill("SIGTERM");
    expect((await command).exitCode).toBe(0);
  });

  it("is called wrongly with a port that is none [CLI-2]", async () => {
    const { exitCode, stdout } = await start("console", "--port", "65536", "--json");
    expect([exitCode, JSON.parse(stdout).error.code]).toEqual([2, "USAGE"]);
  });
});
