import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { create, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { AgentFailureReason } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { TransitionOutcome, TransitionSchema } from "../../../gen/moorline/state/v1/transition_pb.ts";
import { createJsonLog, type JsonLog, type JsonLogOptions } from "../../../src/observe/json-log.ts";
import type { DaemonServerOptions } from "../../../src/server/index.ts";

interface Line {
  readonly level: string;
  readonly time: string;
  readonly msg: string;
  readonly name?: string;
  readonly transition?: JsonValue;
  readonly error?: { readonly name: string; readonly message: string };
}

function openLog(options: JsonLogOptions = {}): { readonly log: JsonLog; readonly lines: () => Line[] } {
  const written: string[] = [];
  const log = createJsonLog({ ...options, destination: { write: (line) => written.push(line) } });
  const lines = (): Line[] => {
    expect(written.every((line) => line.endsWith("\n") && line.indexOf("\n") === line.length - 1)).toBe(true);
    return written.map((line) => JSON.parse(line) as Line);
  };
  return { log, lines };
}

const transition = create(TransitionSchema, {
  machine: "agent",
  serverId: "server",
  subject: "a",
  from: "running",
  event: "run_failed",
  to: "error",
  outcome: TransitionOutcome.TAKEN,
  reason: { case: "agentFailure", value: AgentFailureReason.PROCESS_EXITED },
  message: "exit code 3\nand a second line",
  at: { seconds: 1_700_000_000n, nanos: 250_000_000 },
});
const ignored = create(TransitionSchema, { ...transition, to: "running", outcome: TransitionOutcome.IGNORED });

describe("createJsonLog", () => {
  it("writes each record as one line, from which the very same record can be read [LOG-5]", () => {
    const { log, lines } = openLog();
    log.onTransition(transition);
    expect(lines()).toEqual([
      {
        level: "info",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        transition: {
          machine: "agent",
          serverId: "server",
          subject: "a",
          from: "running",
          event: "run_failed",
          to: "error",
          outcome: "TRANSITION_OUTCOME_TAKEN",
          agentFailure: "AGENT_FAILURE_REASON_PROCESS_EXITED",
          message: "exit code 3\nand a second line",
          at: "2023-11-14T22:13:20.250Z",
        },
        msg: "agent: running → error (run_failed)",
      },
    ]);
    expect(fromJson(TransitionSchema, lines()[0]?.transition ?? null)).toEqual(transition);
  });

  it("writes ignored events on the level debug, and nothing below its level [LOG-5]", () => {
    const info = openLog();
    info.log.onTransition(ignored);
    expect(info.lines()).toEqual([]);
    const debug = openLog({ level: "debug", name: "exec" });
    debug.log.onTransition(ignored);
    expect(debug.lines()).toMatchObject([
      { level: "debug", name: "exec", msg: "agent: running, ignored (run_failed)" },
    ]);
    const silent = openLog({ level: "silent" });
    silent.log.onTransition(transition);
    silent.log.logger.error("no", new Error("no"));
    expect(silent.lines()).toEqual([]);
  });

  it("writes warnings and errors, as the logger of a server and the listener of a client [LOG-5]", () => {
    const { log, lines } = openLog();
    const { logger }: Pick<DaemonServerOptions, "logger"> = log;
    logger?.warn("moorline: look");
    logger?.error("moorline: a hook has failed", new TypeError("no"));
    log.onError("thrown");
    expect(lines()).toMatchObject([
      { level: "warn", msg: "moorline: look" },
      { level: "error", msg: "moorline: a hook has failed", error: { name: "TypeError", message: "no" } },
      { level: "error", msg: "moorline: something has failed", error: { name: "string", message: "thrown" } },
    ]);
  });

  it("writes to the standard error, at once: nothing is missing where the process is killed [LOG-5]", async () => {
    const source = fileURLToPath(new URL("../../../src/observe/json-log.ts", import.meta.url));
    const script = `
      import { createJsonLog } from ${JSON.stringify(source)};
      const { logger } = createJsonLog();
      for (let i = 0; i < 500; i += 1) logger.warn("line " + i);
      process.kill(process.pid, "SIGKILL");`;
    const args = ["--conditions=moorline-source", "--input-type=module-typescript", "--eval", script];
    const killed = promisify(execFile)(process.execPath, args).catch((error) => error);
    const { stdout, stderr } = (await killed) as { stdout: string; stderr: string };
    const lines = stderr.trimEnd().split("\n");
    expect(stdout).toBe("");
    expect(lines.map((line) => (JSON.parse(line) as Line).msg)).toEqual(
      Array.from({ length: 500 }, (_, i) => `line ${i}`),
    );
  });
});
