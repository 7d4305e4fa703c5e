import { createHash } from "node:crypto";
import { create, type JsonValue, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { AgentSchema } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import { checkCommand, checkCutCommand } from "../../../../src/cli/demo/check-command.ts";
import { checkDirectory } from "../../../../src/cli/demo/check-directory.ts";
import { checkPrinted, checkRecord, checkUnchanged } from "../../../../src/cli/demo/check-record.ts";
import { checkTransitions } from "../../../../src/cli/demo/check-transitions.ts";
import { COMMAND_LABEL, type CommandResult, type TimelineRecord } from "../../../../src/cli/demo/messages.ts";

const output = Buffer.from("one\ntwo\nthree\n");
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const whole: CommandResult = {
  lines: 3,
  duplicates: 0,
  gaps: 0,
  bytes: output.length,
  sha256: sha256(output.toString()),
  exitCode: 0,
  status: "AGENT_STATUS_ENDED",
  failure: "",
};

const { exitCode: _, ...withoutExit } = whole;
const cut: CommandResult = {
  ...withoutExit,
  lines: 1,
  bytes: 4,
  sha256: sha256("one\n"),
  status: "AGENT_STATUS_ERROR",
  failure: "AGENT_FAILURE_REASON_DAEMON_RESTARTED",
};

describe("checkCommand", () => {
  it("takes what arrived as it was printed", () => {
    expect(checkCommand("it", whole, { output })).toMatchObject({ name: "it", isSame: true });
  });

  it.each<[string, Partial<CommandResult>]>([
    ["another text", { sha256: sha256("one\ntwo\nfour!\n") }],
    ["less", { bytes: 4, sha256: sha256("one\n") }],
    ["something twice", { duplicates: 1 }],
    ["a gap", { gaps: 1 }],
    ["another exit code", { exitCode: 1 }],
    ["an agent that has failed", { status: "AGENT_STATUS_ERROR" }],
  ])("refuses %s", (_name, wrong) => {
    expect(checkCommand("it", { ...whole, ...wrong }, { output }).isSame).toBe(false);
  });
});

describe("checkCutCommand", () => {
  it("takes the beginning of what is printed", () => {
    expect(checkCutCommand("it", cut, { output }).isSame).toBe(true);
  });

  it.each<[string, Partial<CommandResult>]>([
    ["nothing", { bytes: 0, sha256: sha256("") }],
    ["what is not the beginning", { sha256: sha256("two\n") }],
    ["something after the end", { bytes: 18, sha256: sha256(`${output}more`) }],
    ["an exit that nobody can have seen", { exitCode: 0 }],
    ["another failure", { failure: "AGENT_FAILURE_REASON_STORAGE_FAILED" }],
    ["an agent that has ended", { status: "AGENT_STATUS_ENDED", failure: "" }],
    ["a gap", { gaps: 2 }],
  ])("refuses %s", (_name, wrong) => {
    expect(checkCutCommand("it", { ...cut, ...wrong }, { output }).isSame).toBe(false);
  });
});

const mark = (seq: number, revision = seq, text = `${seq}`) => ({ seq, revision, sha256: sha256(text) });
const record: TimelineRecord = {
  epoch: "e",
  revision: 3,
  items: [mark(1), mark(2), mark(3)],
  lines: 3,
  bytes: output.length,
  sha256: whole.sha256,
  exitCode: 0,
};

describe("checkRecord", () => {
  it("counts what was kept and not shown yet [TIMELINE-3]", () => {
    expect(checkRecord(record, { epoch: "e", items: record.items })).toBe(0);
    expect(checkRecord(record, { epoch: "e", items: [mark(1), mark(2)] })).toBe(1);
  });

  it.each([
    ["another log", { ...record, epoch: "f" }, [mark(1)], /another log/],
    ["a place twice", { ...record, items: [mark(1), mark(1), mark(2)] }, [mark(1)], /place 1 where 2/],
    ["a place that is missing", { ...record, items: [mark(1), mark(3)] }, [mark(1)], /place 3 where 2/],
    ["an item that is gone", { ...record, items: [mark(1)] }, [mark(1), mark(2)], /item 2 was shown and is gone/],
    ["another item", { ...record, items: [mark(1, 1, "other")] }, [mark(1)], /item 1 is not what was shown/],
    ["another revision", { ...record, items: [mark(1, 4)] }, [mark(1)], /item 1 is not what was shown/],
    ["an item that was passed over", record, [mark(1), mark(3)], /item 3 was shown where 2 belongs/],
  ])("refuses %s", (_name, wrong, items, message) => {
    expect(() => checkRecord(wrong, { epoch: "e", items })).toThrow(message);
  });

  it("refuses a timeline that says something else than was followed, or that has grown", () => {
    expect(() => checkPrinted(record, whole)).not.toThrow();
    expect(() => checkPrinted({ ...record, sha256: sha256("") }, whole)).toThrow();
    expect(() => checkPrinted({ ...record, exitCode: 1 }, whole)).toThrow();
    expect(() => checkUnchanged(record, { ...record })).not.toThrow();
    expect(() => checkUnchanged(record, { ...record, revision: 4, items: [...record.items, mark(4)] })).toThrow();
    expect(() => checkUnchanged(record, { ...record, epoch: "f" })).toThrow();
  });
});

function agent(id: string, command: number, title = id): JsonValue {
  return toJson(AgentSchema, create(AgentSchema, { id, title, labels: { [COMMAND_LABEL]: `${command}` } }));
}

describe("checkDirectory", () => {
  const listed = [agent("a", 0), agent("b", 1)];

  it("takes a mirror that is what the daemon lists", () => {
    expect(() => checkDirectory([...listed], listed, ["a", "b"])).not.toThrow();
  });

  it.each([
    ["a second agent of one key [JOURNAL-2]", [...listed, agent("c", 1)], undefined, /2 agents were created by one/],
    ["no agent of a key", [agent("a", 0)], undefined, /0 agents/],
    ["another agent than was answered", [agent("a", 0), agent("c", 1)], undefined, /another agent/],
    ["an agent that nobody asked for", [...listed, agent("d", 7)], undefined, /3 agents, not 2/],
    ["agents that look the same in a list", [agent("a", 0, "same"), agent("b", 1, "same")], undefined, /one title/],
    ["a mirror that lacks one", listed, [agent("a", 0)], /mirror/],
    ["a mirror that is stale [DIR-4]", listed, [agent("a", 0, "before"), agent("b", 1)], /mirror/],
  ])("refuses %s", (_name, all, mirrored, message) => {
    expect(() => checkDirectory(mirrored ?? all, all, ["a", "b"])).toThrow(message);
  });
});

describe("checkTransitions", () => {
  const started = { machine: "agent", from: "starting", event: "run_started", to: "running" };

  it("counts records that are rows of their machine's table [LOG-1]", () => {
    const ignored = { ...started, from: "ended", to: "ended", outcome: "TRANSITION_OUTCOME_IGNORED" };
    expect(checkTransitions([started, ignored])).toBe(2);
  });

  it.each([
    ["a row that is not in the table", { ...started, to: "idle" }, /no row/],
    ["a machine that is not there", { ...started, machine: "boat" }, /no machine/],
    ["a change that was ignored", { ...started, outcome: "TRANSITION_OUTCOME_IGNORED" }, /no row/],
  ])("refuses %s", (_name, record, message) => {
    expect(() => checkTransitions([record])).toThrow(message);
  });
});
