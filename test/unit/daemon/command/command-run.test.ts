import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { afterEach, describe, expect, it } from "vitest";
import { AgentFailureReason } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import { CommandTaskSchema } from "../../../../gen/moorline/agent/v1/agent_service_pb.ts";
import { OutputStream } from "../../../../gen/moorline/agent/v1/timeline_pb.ts";
import type { CommandOptions } from "../../../../src/daemon/command/command-options.ts";
import { CommandProvider } from "../../../../src/daemon/command/command-provider.ts";
import type { AgentRun, RunRequest } from "../../../../src/daemon/provider.ts";
import { SimulatedClock } from "../../../../src/testing/simulated-clock.ts";
import { commandRequest, RunRecorder, say, scriptRequest } from "./support.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "moorline-command-")));
const providers: CommandProvider[] = [];

interface Started {
  readonly provider: CommandProvider;
  readonly run: AgentRun;
  readonly heard: RunRecorder;
}

function start(request: RunRequest, options: Partial<CommandOptions> = {}): Started {
  const provider = new CommandProvider(options);
  providers.push(provider);
  const heard = new RunRecorder();
  return { provider, run: provider.start(request, heard), heard };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

afterEach(async () => {
  await Promise.all(providers.splice(0).map((provider) => provider.close()));
});

process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

describe("CommandRun: output", () => {
  it("tells the start, what both streams say, and the exit code, in this order [AGENT-2]", async () => {
    const { heard } = start(scriptRequest(`console.log("out"); console.error("err"); process.exitCode = 7;`));
    expect((await heard.over).exit?.cause).toEqual({ case: "code", value: 7 });
    expect(heard.told.at(0)).toBe("started");
    expect(heard.told.at(-1)).toBe("ended");
    expect(heard.text()).toBe("out\n");
    expect(heard.text(OutputStream.STDERR)).toBe("err\n");
  });

  it("keeps every byte of binary output, in items of at most 16 KiB [AGENT-3]", async () => {
    const script = `const b = Buffer.alloc(300_000, Buffer.from(Array.from({length: 256}, (_, i) => i))); process.stdout.write(b);`;
    const { heard } = start(scriptRequest(script));
    await heard.over;
    const expected = Buffer.alloc(300_000, Buffer.from(Array.from({ length: 256 }, (_, i) => i)));
    expect(heard.bytes().equals(expected)).toBe(true);
    expect(Math.max(...heard.outputs.map(({ data }) => data.length))).toBeLessThanOrEqual(16_384);
  });

  it("gives out a line without its end after 50 ms by its clock [AGENT-3]", async () => {
    const clock = new SimulatedClock();
    const { heard, run } = start(scriptRequest(`process.stdout.write("ready? "); setInterval(() => {}, 60_000);`), {
      clock,
    });
    const shown = heard.untilWritten("ready? ");
    let isShown = false;
    void shown.then(() => {
      isShown = true;
    });
    while (!isShown) {
      clock.advance(50);
      await new Promise((resolve) => setImmediate(resolve));
    }
    run.cancel();
    expect(heard.told).not.toContain("ended");
    expect((await heard.over).exit?.cause.case).toBe("signal");
  });

  it("keeps the program waiting while the listener says not now [AGENT-4]", async () => {
    const script = `const fs = require("fs"); for (let i = 0; i < 64; i += 1) fs.writeSync(1, Buffer.alloc(65_536, "w"));
      fs.writeFileSync(process.argv[1], "done");`;
    const marks = ["held", "free"].map((name) => join(folder, name));
    const held = start(commandRequest([process.execPath, "-e", script, marks[0] ?? ""])).heard;
    let letGo = (): void => {};
    held.hold = () =>
      new Promise((resolve) => {
        letGo = resolve;
      });
    await held.until(() => held.items.length > 0);
    const shown = held.items.length;
    const free = start(commandRequest([process.execPath, "-e", script, marks[1] ?? ""])).heard;
    await free.over;
    expect(marks.map((mark) => existsSync(mark))).toEqual([false, true]);
    expect(held.items.length).toBe(shown);
    held.hold = () => {};
    letGo();
    await held.over;
    expect(existsSync(marks[0] ?? "")).toBe(true);
    expect(held.bytes().length).toBe(64 * 65_536);
  });

  it("cuts one line of 100 MB into items and loses nothing of it [AGENT-3] [AGENT-4]", async () => {
    const script = `const b = Buffer.alloc(1 << 20, "y"); let n = 0;
      (function more() { while (n < 100) { n += 1; if (!process.stdout.write(b)) return process.stdout.once("drain", more); } })();`;
    const { heard } = start(scriptRequest(script));
    let total = 0;
    let longest = 0;
    heard.hold = () => {
      for (const { data } of heard.outputs) {
        total += data.length;
        longest = Math.max(longest, data.length);
      }
      heard.items.length = 0;
    };
    await heard.over;
    expect({ total, longest }).toEqual({ total: 100 << 20, longest: 16_384 });
  });

  it("keeps up with 600,000 lines, many of them in one item [AGENT-3] [AGENT-4]", async () => {
    const script = `let n = 0; (function more() { while (n < 600_000) {
      let text = ""; for (let i = 0; i < 1000; i += 1) text += "line " + (n += 1) + "\\n";
      if (!process.stdout.write(text)) return process.stdout.once("drain", more); } })();`;
    const { heard } = start(scriptRequest(script));
    let lines = 0;
    let items = 0;
    heard.hold = () => {
      for (const { data } of heard.outputs) lines += data.reduce((sum, byte) => sum + (byte === 0x0a ? 1 : 0), 0);
      items += heard.items.length;
      heard.items.length = 0;
    };
    await heard.over;
    expect(lines).toBe(600_000);
    expect(items).toBeLessThan(20_000);
  });

  it("reads all that was written before an exit, however slow the listener is [AGENT-4]", async () => {
    const { heard } = start(scriptRequest(`require("fs").writeSync(1, "z".repeat(60_000) + "\\n"); process.exit(0);`), {
      drainMs: 0,
    });
    heard.hold = () => new Promise((resolve) => setImmediate(resolve));
    await heard.over;
    expect(heard.bytes().length).toBe(60_001);
  });

  it("fails with STORAGE_FAILED and ends the command where items cannot be kept [AGENT-4]", async () => {
    const { heard, run } = start(scriptRequest(`console.log("one"); setInterval(() => {}, 1000);`));
    heard.hold = () => Promise.reject(new Error("disk full"));
    const { failure, exit } = await heard.over;
    expect(failure?.reason).toBe(AgentFailureReason.STORAGE_FAILED);
    expect(exit?.cause).toEqual({ case: "signal", value: "SIGTERM" });
    await run.closed;
  });
});

describe("CommandRun: prompts", () => {
  it("writes a prompt as a line, until the command has ended [AGENT-6]", async () => {
    const script = `console.log("ready"); process.stdin.once("data", (d) => { console.log("got " + d); process.exit(); });`;
    const { heard, run } = start(scriptRequest(script));
    await heard.untilWritten("ready");
    expect(run.prompt(say("hello"))).toBe("taken");
    await heard.over;
    expect(heard.text()).toBe("ready\ngot hello\n\n");
    expect(run.prompt(say("late"))).toBe("closed");
  });

  it("takes no more than 1 MiB that is not read [AGENT-6]", async () => {
    const { heard, run } = start(scriptRequest(`console.log("ready"); setInterval(() => {}, 1000);`));
    await heard.untilWritten("ready");
    const outcomes = Array.from({ length: 8 }, () => run.prompt(say("p".repeat(262_144))));
    expect(outcomes.at(0)).toBe("taken");
    expect(outcomes.at(-1)).toBe("full");
    run.cancel();
    expect(run.prompt(say("after"))).toBe("closed");
    await heard.over;
  });

  it("survives a command that closes its standard input [AGENT-6]", async () => {
    const script = `require("fs").closeSync(0); console.log("ready"); setTimeout(() => process.exit(4), 50);`;
    const { heard, run } = start(scriptRequest(script));
    await heard.untilWritten("ready");
    run.prompt(say("nobody reads this"));
    expect((await heard.over).exit?.cause).toEqual({ case: "code", value: 4 });
  });
});

describe("CommandRun: the end of its input", () => {
  it("ends with the prompt that says so, and takes none after it [AGENT-6]", async () => {
    const { heard, run } = start(commandRequest(["cat"]));
    await heard.until(() => heard.told.includes("started"));
    expect([run.prompt(say("one")), run.prompt({ text: "two", closeInput: true })]).toEqual(["taken", "taken"]);
    expect(run.prompt(say("late"))).toBe("closed");
    expect((await heard.over).exit?.cause).toEqual({ case: "code", value: 0 });
    expect(heard.text()).toBe("one\ntwo\n");
  });

  it("ends without a line where the text is empty [AGENT-6]", async () => {
    const { heard, run } = start(commandRequest(["cat"]));
    await heard.until(() => heard.told.includes("started"));
    expect(run.prompt({ text: "", closeInput: true })).toBe("taken");
    await heard.over;
    expect(heard.text()).toBe("");
  });

  it("comes at once where the task says so [AGENT-6]", async () => {
    const task = create(CommandTaskSchema, { argv: ["cat"], closeInput: true });
    const { heard, run } = start(commandRequest(["cat"], { task: { case: "command", value: task } }));
    expect((await heard.over).exit?.cause).toEqual({ case: "code", value: 0 });
    expect(run.prompt(say("late"))).toBe("closed");
  });
});

describe("CommandRun: the end", () => {
  it("goes on after the command has closed its streams early [AGENT-5]", async () => {
    const script = `const fs = require("fs"); fs.closeSync(1); fs.closeSync(2); process.stdin.once("data", () => process.exit(9));`;
    const { heard, run } = start(scriptRequest(script));
    await heard.until(() => heard.told.includes("started"));
    run.prompt(say("end"));
    expect((await heard.over).exit?.cause).toEqual({ case: "code", value: 9 });
  });

  it("kills with SIGKILL what ignores SIGTERM, after the grace by its clock [AGENT-5]", async () => {
    const clock = new SimulatedClock();
    const script = `process.on("SIGTERM", () => console.log("no")); console.log("ready"); setInterval(() => {}, 1000);`;
    const { heard, run } = start(scriptRequest(script), { clock });
    await heard.untilWritten("ready");
    run.cancel();
    run.cancel();
    await heard.untilWritten("no");
    clock.advance(4_999);
    expect(heard.told).not.toContain("ended");
    clock.advance(1);
    expect((await heard.over).exit?.cause).toEqual({ case: "signal", value: "SIGKILL" });
    await run.closed;
  });

  it("ends the children with it when it is cancelled [AGENT-5]", async () => {
    const script = `const c = require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
      console.log("child " + c.pid + ";"); setInterval(() => {}, 1000);`;
    const { heard, run } = start(scriptRequest(script));
    await heard.untilWritten(";");
    const pid = Number(/child (\d+);/.exec(heard.text())?.[1]);
    expect(isAlive(pid)).toBe(true);
    run.cancel();
    await run.closed;
    expect(isAlive(pid)).toBe(false);
  });

  it.each([
    ["says nothing", "setInterval(() => {}, 1000);"],
    ["goes on writing now and then", `setInterval(() => fs.writeSync(1, "late\\n"), 20);`],
    ["never stops writing", `const late = Buffer.alloc(65_536, "late"); for (;;) fs.writeSync(1, late);`],
  ])(
    "ends soon after the exit where a child that keeps the pipe open %s, and ends the child [AGENT-5]",
    async (_name, then) => {
      const child = `const fs = require("fs"); process.on("SIGTERM", () => {}); fs.writeSync(1, process.pid + ";"); ${then}`;
      const script = `const c = require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(child)}],
      { stdio: ["ignore", "inherit", "inherit"] }); process.stdin.once("data", () => process.exit(3));`;
      const { heard, run } = start(scriptRequest(script), { graceMs: 100 });
      await heard.untilWritten(";");
      run.prompt(say("exit"));
      expect((await heard.over).exit?.cause).toEqual({ case: "code", value: 3 });
      const pid = Number.parseInt(heard.text().slice(0, 20), 10);
      await run.closed;
      while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
    },
  );

  it("fails with START_FAILED where there is no such program, it may not be run, or the directory is none [AGENT-2]", async () => {
    const plain = join(folder, "plain");
    writeFileSync(plain, "no program", { mode: 0o644 });
    const requests = [
      commandRequest(["moorline-no-such-program"]),
      commandRequest([plain]),
      scriptRequest("", { workingDirectory: join(folder, "missing") }),
      scriptRequest("", { workingDirectory: plain }),
    ];
    for (const request of requests) {
      const { heard, run } = start(request);
      const end = await heard.over;
      expect(end.failure?.reason).toBe(AgentFailureReason.START_FAILED);
      expect(end.failure?.message).not.toBe("");
      expect(end.exit).toBeUndefined();
      expect(heard.told).toEqual(["ended"]);
      await run.closed;
    }
  });

  it("runs in its directory, with its environment and nothing else [AGENT-7]", async () => {
    const script = `console.log(JSON.stringify([process.cwd(), process.env]));`;
    const ownEnvironment = { PATH: process.env.PATH, HOME: "/home/me", MY_TOKEN: "secret", LC_TOKEN: "secret" };
    const request = scriptRequest(script, { workingDirectory: folder, environment: { TZ: "UTC", LD_PRELOAD: "evil" } });
    const { heard } = start(request, { ownEnvironment });
    await heard.over;
    expect(JSON.parse(heard.text())).toEqual([folder, { PATH: process.env.PATH, HOME: "/home/me", TZ: "UTC" }]);
  });
});

describe("CommandRun: permission", () => {
  const policy = [{ argv: ["node*"], verdict: "ask" as const }];
  const hello = scriptRequest(`console.log("ran");`);

  it("asks before it runs a command that the policy marks, and takes the first answer only [AGENT-8]", async () => {
    const { heard, run } = start(hello, { policy });
    await heard.until(() => heard.permissions.length === 1);
    const { id, options, subject } = heard.permissions[0] ?? {};
    expect(subject).toMatchObject({ case: "command", value: { workingDirectory: process.cwd() } });
    expect(options?.map((option) => option.id)).toEqual(["allow", "deny"]);
    expect(heard.told).toEqual(["permissionAsked"]);
    expect(run.answerPermission("another", "allow")).toBe(false);
    expect(run.answerPermission(id ?? "", "perhaps")).toBe(false);
    expect(run.answerPermission(id ?? "", "allow")).toBe(true);
    expect(run.answerPermission(id ?? "", "deny")).toBe(false);
    await heard.over;
    expect(heard.text()).toBe("ran\n");
  });

  it.each(["deny", "cancel"])("runs nothing after %s [AGENT-8]", async (how) => {
    const { heard, run } = start(hello, { policy });
    await heard.until(() => heard.permissions.length === 1);
    if (how === "deny") run.answerPermission("command", "deny");
    else run.cancel();
    expect(await heard.over).toEqual({});
    expect(run.answerPermission("command", "allow")).toBe(false);
    expect(heard.told).toEqual(["permissionAsked", "ended"]);
  });

  it.each([
    ["asked for", policy],
    ["run", []],
  ])("tells nothing but the end where it is cancelled before it was %s [AGENT-8]", async (_name, chosen) => {
    const { heard, run } = start(hello, { policy: chosen });
    run.cancel();
    expect(await heard.over).toEqual({});
    expect(heard.told).toEqual(["ended"]);
  });

  it("runs nothing that the policy denies [AGENT-8]", async () => {
    const { heard } = start(hello, { policy: () => "deny" });
    expect((await heard.over).failure?.reason).toBe(AgentFailureReason.START_FAILED);
  });
});

describe("CommandProvider: close", () => {
  it("ends every command and starts no other [AGENT-5]", async () => {
    const provider = new CommandProvider();
    const runs = [1, 2].map(() => {
      const heard = new RunRecorder();
      provider.start(scriptRequest(`console.log(process.pid + ";"); setInterval(() => {}, 1000);`), heard);
      return heard;
    });
    await Promise.all(runs.map((heard) => heard.untilWritten(";")));
    const closed = provider.close();
    expect(provider.close()).toBe(closed);
    expect(() => provider.start(scriptRequest(""), new RunRecorder())).toThrow(/closed/);
    await closed;
    expect(runs.map((heard) => isAlive(Number.parseInt(heard.text(), 10)))).toEqual([false, false]);
    expect(runs.map((heard) => heard.told.at(-1))).toEqual(["ended", "ended"]);
  });
});

describe("a daemon that did not close its provider", () => {
  const source = new URL("../../../../src/daemon/command/command-provider.ts", import.meta.url).href;

  /** A process that runs a command, says its number, and then ends itself in some way. */
  function startDaemon(command: string, end: string): string {
    return `
      import { CommandProvider } from ${JSON.stringify(source)};
      const listener = { started() {}, turnEnded() {}, permissionAsked() {}, ended() {},
        itemsAdded([{ value }]) { require("fs").writeSync(1, value.data); ${end}; } };
      const argv = [process.execPath, "-e", ${JSON.stringify(command)}];
      new CommandProvider().start({ agentId: "a", workingDirectory: process.cwd(), environment: {},
        task: { case: "command", value: { argv } } }, listener);`;
  }

  it.each([
    ["exits by itself", `console.log(process.pid + ";"); setInterval(() => {}, 1000);`, "process.exit(1)"],
    ["fails", `console.log(process.pid + ";"); setInterval(() => {}, 1000);`, `throw setImmediate(() => { throw 1; })`],
    ["is killed", `console.log(process.pid + ";"); process.stdin.resume();`, `process.kill(process.pid, "SIGKILL")`],
  ])("leaves no command that heeds its signals and streams when it %s [AGENT-17]", async (_name, command, end) => {
    const script = startDaemon(command, end).replace('require("fs")', 'process.getBuiltinModule("node:fs")');
    const daemon = commandRequest([process.execPath, "--input-type=module", "-e", script]);
    const { heard } = start(daemon, { ownEnvironment: {} });
    const { exit } = await heard.over;
    expect(exit?.cause).not.toEqual({ case: "code", value: 0 });
    const pid = Number.parseInt(heard.text(), 10);
    expect(pid).toBeGreaterThan(0);
    while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
  });
});
