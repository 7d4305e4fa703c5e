import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

describe("moorline demo", () => {
  const folder = mkdtempSync(join(tmpdir(), "moorline-story-"));
  const temporary = mkdtempSync(join(tmpdir(), "moorline-story-"));

  // A copy: the demo hashes every file of the project, and other tests may be changing some.
  beforeAll(() => {
    for (const name of ["package.json", "src", "gen"])
      cpSync(join(root, name), join(folder, name), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
  });

  afterAll(() => {
    for (const path of [folder, temporary]) rmSync(path, { recursive: true, force: true });
  });

  const demo = (temp: string, ...args: string[]) =>
    execa(process.execPath, [join(folder, "src/cli/main.ts"), "demo", ...args], {
      reject: false,
      env: { TMPDIR: temp },
    });

  it("survives everything, says OK, and stays until it is told to stop [INV-1] [RESUME-1] [JOURNAL-12] [AGENT-15] [TIMELINE-3] [CONSOLE-6]", async () => {
    const running = demo(temporary, "--json", "--stay");
    const answers: number[] = [];
    for await (const line of createInterface({ input: running.stdout })) {
      const { endpoint } = JSON.parse(line) as { endpoint?: string };
      if (endpoint === undefined) continue;
      answers.push((await fetch(endpoint.replace("ws", "http"))).status);
      running.kill("SIGTERM");
    }
    const { stdout, stderr, exitCode } = await running;
    const all = stdout.split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
    const lines = all.slice(0, -1);
    expect({ last: lines.at(-1), stderr, exitCode }).toEqual({ last: { verdict: "OK" }, stderr: "", exitCode: 0 });
    // The copy has no console: what asks for one is told what it is instead.
    expect([Object.keys(all.at(-1) ?? {}), answers]).toEqual([["endpoint"], [426]]);
    const events = lines.filter(({ event }) => event !== undefined);
    expect(events.filter(({ event }) => event === "connection reset")).toHaveLength(10);
    expect(events).toHaveLength(15);
    expect(events.slice(-2)).toMatchObject([{ verdict: "REATTACHED" }, { verdict: "REATTACHED" }]);
    for (const event of events) expect(event).toMatchObject({ duplicates: 0, gaps: 0 });
    expect(lines.filter(({ isSame }) => isSame === true)).toHaveLength(4);
    expect(readdirSync(temporary)).toEqual([]);
  }, 100_000);

  it("ends with FAILED alone on its last line where it cannot go on", async () => {
    const { stdout, exitCode } = await demo(join(folder, "nowhere"));
    expect([stdout.split("\n").at(-1), exitCode]).toEqual([expect.stringMatching(/^FAILED: .*nowhere/), 1]);
  });

  it("leaves no process and no file behind when it is ended early", async () => {
    const running = demo(temporary, "--json");
    for await (const line of createInterface({ input: running.stdout })) {
      if ("event" in JSON.parse(line)) running.kill("SIGTERM");
    }
    const { stdout, exitCode } = await running;
    expect(JSON.parse(stdout.split("\n").at(-1) ?? "")).toEqual({
      verdict: "FAILED",
      reason: "it was ended by SIGTERM",
    });
    expect([exitCode, readdirSync(temporary)]).toEqual([1, []]);
    const processes = await execa("ps", ["-eo", "args"]);
    for (const path of [folder, temporary]) expect(processes.stdout).not.toContain(path);
  }, 60_000);
});
