import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TransitionSchema } from "../../gen/moorline/state/v1/transition_pb.ts";

const folder = fileURLToPath(new URL("../../examples/observe", import.meta.url));

/** A program of the example, and what it has written. */
class Program {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  private readonly closed: Promise<unknown>;

  constructor(home: string, name: string, ...args: string[]) {
    const command = ["--conditions=moorline-source", `${folder}/${name}.ts`, ...args];
    this.child = spawn(process.execPath, command, { env: { ...process.env, EXEC_HOME: home } });
    this.closed = once(this.child, "close");
    this.child.stdout?.on("data", (data) => {
      this.stdout += data;
    });
    this.child.stderr?.on("data", (data) => {
      this.stderr += data;
    });
  }

  /** Resolves when the program has ended. */
  async end(): Promise<void> {
    await this.closed;
  }

  /** Resolves when it has written something. */
  async says(stream: "stdout" | "stderr", text: RegExp): Promise<void> {
    while (!text.test(this[stream])) await once(this.child[stream] as NodeJS.EventEmitter, "data");
  }

  /** The transitions that it has logged, as lines for people. */
  get transitions(): string[] {
    const whole = this.stderr.slice(0, this.stderr.lastIndexOf("\n"));
    const lines = whole.split("\n").map((line) => JSON.parse(line) as Record<string, JsonValue>);
    return lines.map(({ transition, msg }) => {
      fromJson(TransitionSchema, transition ?? null);
      return String(msg);
    });
  }

  /** The ids of the traces of its spans. */
  get traceIds(): string[] {
    return [...this.stdout.matchAll(/^ {2}traceId: '([0-9a-f]{32})'/gm)].map(([, id = ""]) => id);
  }
}

describe("examples/observe", () => {
  let home: string;
  let daemon: Program;

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), "moorline-observe-"));
    daemon = new Program(home, "daemon");
    await daemon.says("stdout", /listening/);
  });

  afterEach(() => {
    daemon.child.kill("SIGKILL");
    rmSync(home, { recursive: true, force: true });
  });

  it("logs transitions, counts calls and traces them, in two processes [LOG-5, OBS-1, OBS-2, OBS-6]", async () => {
    const client = new Program(home, "client", process.execPath, "-p", "40 + 2");
    await client.end();
    expect(client.stdout).toMatch(/^42$/m);
    expect(client.transitions).toContain("connection: connecting → connected (welcomed)");
    await daemon.says("stderr", /hello_accepted.*\n/);
    await daemon.says("stdout", /^ {2}traceId: .*,$/m);
    expect(daemon.transitions).toContain("server_connection: awaiting_hello → attached (hello_accepted)");
    expect(daemon.traceIds).toEqual(client.traceIds);
    expect(daemon.traceIds).toHaveLength(1);
    const { port } = JSON.parse(readFileSync(`${home}/daemon.json`, "utf8")) as { port: number };
    const url = `http://127.0.0.1:${port}/metrics`;
    const token = readFileSync(`${home}/token`, "utf8");
    const page = await (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).text();
    const path = `${dirname(process.execPath)}:${process.env.PATH}`;
    const shell = await execa(`${folder}/metrics.sh`, { env: { EXEC_HOME: home, PATH: path } });
    expect(shell.stdout).toContain("exec_resident_memory_bytes");
    expect(page).toContain('moorline_calls_ended_total{kind="bidi_streaming",code="ok"} 1\n');
    expect(page).toMatch(/^exec_resident_memory_bytes \d+$/m);
    expect((await fetch(url)).status).toBe(401);
    for (const secret of [token, readFileSync(`${home}/client/moorline-install-secret`, "utf8")]) {
      expect([client.stdout, client.stderr, daemon.stdout, daemon.stderr, page].join("\n")).not.toContain(
        secret.trim(),
      );
    }
  }, 60_000);
});
