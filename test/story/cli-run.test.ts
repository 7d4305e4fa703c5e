import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { firstLine, type StartedDaemon, startDaemon, startMoorline } from "../support/moorline-command.ts";

/** More than waits to be read: prompts have to wait for room. */
const LONG_INPUT = `${"x".repeat(99)}\n`.repeat(20_000);

describe("moorline run", () => {
  const stateDir = mkdtempSync(join(tmpdir(), "moorline-run-"));
  let daemon: StartedDaemon;

  beforeAll(async () => {
    daemon = await startDaemon(stateDir);
  });

  afterAll(async () => {
    daemon.command.kill("SIGTERM");
    await daemon.command;
    rmSync(stateDir, { recursive: true, force: true });
  });

  it("closes the input of the command at once, whatever its own input does", async () => {
    const run = startMoorline(["run", ...daemon.reached, "--", "sh", "-c", "cat; echo read; exit 3"], "pipe");
    expect(await run).toMatchObject({ stdout: "read", exitCode: 3 });
  });

  it("passes its input on with --input, and its end [AGENT-6]", async () => {
    const run = startMoorline(["run", "--input", ...daemon.reached, "--", "cat"], "pipe");
    run.stdin?.write("one\n\nthree\nfo");
    run.stdin?.end("ur");
    expect(await run).toMatchObject({ stdout: "one\n\nthree\nfour", exitCode: 0 });
  });

  it("waits where more input comes than is read [AGENT-6]", async () => {
    const count = "IFS= read -r line; wc -c";
    const run = startMoorline(["run", "-i", ...daemon.reached, "--", "sh", "-c", `sleep 1; ${count}`], "pipe");
    run.stdin?.end(`begin\n${LONG_INPUT}`);
    expect(await run).toMatchObject({ exitCode: 0 });
    expect(Number((await run).stdout)).toBeGreaterThan(LONG_INPUT.length * 0.9);
  });

  it("ends with its command although its own input goes on", async () => {
    const run = startMoorline(["run", "-i", ...daemon.reached, "--", "sh", "-c", "read line; echo got $line"], "pipe");
    run.stdin?.write("a line\n");
    expect(await run).toMatchObject({ stdout: "got a line", exitCode: 0 });
  });

  it("ends with the failure of its agent when the daemon is killed and started again [AGENT-15]", async () => {
    const script = "echo begun; while sleep 0.1; do echo more || exit; done";
    const run = startMoorline(["run", ...daemon.reached, "--", "sh", "-c", script]);
    expect(await firstLine(run)).toBe("begun");
    daemon.command.kill("SIGKILL");
    await daemon.command;
    daemon = await startDaemon(stateDir, Number(new URL(daemon.endpoint).port));
    const { stdout, stderr, exitCode } = await run;
    expect({ exitCode, first: stdout.split("\n")[0] }).toEqual({ exitCode: 121, first: "begun" });
    expect(stderr).toContain("[AGENT_FAILURE_REASON_DAEMON_RESTARTED]");
  });
});
