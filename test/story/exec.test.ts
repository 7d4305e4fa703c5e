import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkTransitions } from "../../examples/exec/demo/check.ts";
import { type DemoProcess, endProcesses, startProcess } from "../../examples/exec/demo/children.ts";
import { demoCommands } from "../../examples/exec/demo/commands.ts";
import { Cutter } from "../../examples/exec/demo/cutter.ts";
import { runDirectly } from "../../examples/exec/demo/expected.ts";
import { holdBack, reset } from "../../examples/exec/demo/faults.ts";

const LINES = 2;
const BYTES_BETWEEN_FAULTS = 150_000;

describe("a client and a server in two processes", () => {
  let home: string;
  let cutter: Cutter;
  let server: DemoProcess;
  let startClient: (commands: readonly number[]) => DemoProcess;

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), "moorline-story-"));
    server = startProcess("server-process", { home });
    const { endpoint, serverId } = await server.next("listening");
    cutter = new Cutter(Number(new URL(endpoint).port));
    const near = `ws://127.0.0.1:${await cutter.listen()}`;
    startClient = (commands) => startProcess("client-process", { home, endpoint: near, serverId, commands });
  });

  afterEach(() => {
    endProcesses();
    cutter.close();
    rmSync(home, { recursive: true, force: true });
  });

  it("lose no line and repeat none while connections are reset and held back [INV-1] [RESUME-1]", async () => {
    const client = startClient([LINES]);
    await client.next("welcomed");
    for (const fault of [reset, holdBack, reset, reset, holdBack]) {
      await cutter.passed(BYTES_BETWEEN_FAULTS);
      expect(await fault({ cutter, client })).toMatchObject({ verdict: "RESUMED", duplicates: 0, gaps: 0 });
    }
    const expected = await runDirectly(demoCommands[LINES]);
    expect(await client.result(LINES)).toMatchObject({ ...expected, duplicates: 0, gaps: 0, exitCode: 0 });
    await client.ended;
    expect(checkTransitions([...server.messages, ...client.messages])).toBeGreaterThan(10);
  }, 60_000);

  it("find the session again after the client was killed, with a fresh channel [INV-1] [WELCOME-2]", async () => {
    const first = startClient([LINES]);
    await first.next("welcomed");
    await cutter.passed(BYTES_BETWEEN_FAULTS);
    first.child.kill("SIGKILL");
    await first.ended;
    const second = startClient([LINES]);
    expect(await second.next("welcomed")).toMatchObject({ resumption: "REATTACHED" });
    const expected = await runDirectly(demoCommands[LINES]);
    expect(await second.result(LINES)).toMatchObject({ ...expected, duplicates: 0, gaps: 0, exitCode: 0 });
  }, 60_000);
});
