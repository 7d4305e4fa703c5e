import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AgentSchema, AgentStatus, AgentStatusSchema } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { CommandRefusal, CommandRefusedSchema, InputClosedSchema } from "../../../gen/moorline/agent/v1/error_pb.ts";
import { OutputStream, TimelineItemSchema } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import { HostStateSchema } from "../../../gen/moorline/machine/v1/host_pb.ts";
import { type SyncFailureSchema, SyncStateSchema } from "../../../gen/moorline/machine/v1/sync_pb.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { CallOutcome, ChannelLostSchema } from "../../../gen/moorline/session/v1/error_pb.ts";
import { Presentation } from "../../../gen/moorline/state/v1/presentation_pb.ts";
import { HostErrorReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { statusOf } from "../../../src/console/host/host-status.ts";
import { syncedViewOf } from "../../../src/console/host/synced-view.ts";
import { type AgentArrangement, arrangeAgents } from "../../../src/console/model/arrange-agents.ts";
import { countLines, groupTimeline, lastItems } from "../../../src/console/model/group-timeline.ts";
import { nameOf } from "../../../src/console/model/names.ts";
import { createState } from "../../../src/console/model/source.ts";
import { splitCommand } from "../../../src/console/model/split-command.ts";
import { toProblem } from "../../../src/console/model/to-problem.ts";
import { obstacleOf } from "../../../src/runtime/host/host-obstacle.ts";
import { byUpdatedLast, toTotalOrder } from "../../../src/runtime/mirror/agent-order.ts";
import { MoorlineError } from "../../../src/wire/moorline-error.ts";
import { parseServerId } from "../../../src/wire/server-id.ts";
import { ListStore } from "../runtime/support/list-store.ts";

describe("syncedViewOf", () => {
  it("says of a mirror that waits for its host what the host says of itself [SYNC-12]", () => {
    const loss = { code: CloseCode.UNAUTHENTICATED, message: "no token" };
    const reason = HostErrorReason.ALL_REFUSED;
    const host = create(HostStateSchema, { state: { case: "error", value: { reason, loss } } });
    const failure = { ...obstacleOf({ host }) } as MessageInitShape<typeof SyncFailureSchema>;
    const sync = create(SyncStateSchema, { state: { case: "errorAfterReady", value: { failure } } });
    const snapshot = {
      serverId: parseServerId("A".repeat(43)),
      sessionRef: "",
      host,
      connection: undefined,
      probes: [],
    };
    const { problem } = syncedViewOf(sync, Presentation.ERROR_BADGE);
    expect(problem).toEqual(statusOf(snapshot).problem);
    expect(problem).toMatchObject({ code: "UNAUTHENTICATED", text: "no token" });
  });
});

describe("arrangeAgents", () => {
  const agents = [
    create(AgentSchema, {
      id: "a",
      title: "Zebra",
      status: AgentStatus.IDLE,
      updatedAt: timestampFromMs(1),
      createdAt: timestampFromMs(9),
    }),
    create(AgentSchema, {
      id: "b",
      status: AgentStatus.RUNNING,
      labels: { night: "ly" },
      updatedAt: timestampFromMs(3),
    }),
    create(AgentSchema, {
      id: "c",
      title: "Adder",
      status: AgentStatus.ENDED,
      workingDirectory: "/srv",
      updatedAt: timestampFromMs(2),
    }),
  ];
  const list = new ListStore(agents, { order: toTotalOrder(byUpdatedLast), keyOf: ({ id }) => id });
  const show = (arrangement: Partial<AgentArrangement>): readonly string[] =>
    arrangeAgents(list, { text: "", status: undefined, order: "changed", ...arrangement }).getSnapshot();

  it.each([
    [{}, ["b", "c", "a"]],
    [{ order: "title" }, ["b", "c", "a"]],
    [{ order: "status" }, ["b", "a", "c"]],
    [{ order: "created" }, ["a", "b", "c"]],
    [{ status: AgentStatus.IDLE }, ["a"]],
    [{ text: "SRV add" }, ["c"]],
    [{ text: "night=ly" }, ["b"]],
    [{ text: "running" }, ["b"]],
    [{ text: "nowhere" }, []],
  ] as const)("shows by %o", (arrangement, ids) => {
    expect(show(arrangement)).toEqual(ids);
  });
});

describe("groupTimeline", () => {
  const output = (seq: number, data: Uint8Array, stream: OutputStream = OutputStream.STDOUT) =>
    create(TimelineItemSchema, { seq: BigInt(seq), content: { case: "commandOutput", value: { stream, data } } });
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);

  it("joins what was written on one stream, also within a character, and breaks at another", () => {
    const [first, second] = [text("ä").subarray(0, 1), text("ä").subarray(1)];
    const items = [
      output(1, first),
      output(2, second),
      output(3, text("no"), OutputStream.STDERR),
      create(TimelineItemSchema, { seq: 4n, content: { case: "error", value: { message: "x" } } }),
      output(5, text("b\r\n")),
    ];
    expect(
      groupTimeline(items).map((block) =>
        block.kind === "output" ? [block.key, block.stream, block.text] : block.key,
      ),
    ).toEqual([["1", 1, "ä"], ["3", 2, "no"], "4", ["5", 1, "b\n"]]);
  });

  it("leaves out what moves and colours terminals", () => {
    const written = "\u001b[1;32mok\u001b[0m \u001b]8;;http://x\u0007link\u001b]8;;\u001b\\ \u001b[2Kx\u001bM";
    expect(groupTimeline([output(1, text(written))])).toMatchObject([{ text: "ok link x" }]);
  });

  it("makes parts of a long output, of which those that are whole stay the very same [CONSOLE-15]", () => {
    const items = Array.from({ length: 40 }, (_, index) => output(index + 1, text(`line ${index + 1}\n`)));
    const [before, after] = [groupTimeline(items.slice(0, 39)), groupTimeline(items)];
    expect(after.map(({ key }) => key)).toEqual(["1", "16", "32"]);
    expect(after.map((block) => block.kind === "output" && [block.lines, block.isContinued])).toEqual([
      [15, false],
      [16, true],
      [9, true],
    ]);
    expect([after[0] === before[0], after[1] === before[1], after[2] === before[2]]).toEqual([true, true, false]);
    expect(after.map((block) => block.kind === "output" && block.text).join("")).toBe(
      items.map((_, index) => `line ${index + 1}\n`).join(""),
    );
  });

  it("ends a part after a large item [CONSOLE-15]", () => {
    const items = [1, 2, 3].map((seq) => output(seq, text(`${"x".repeat(seq === 1 ? 5_000 : 10)}\n`)));
    expect(groupTimeline(items).map(({ key }) => key)).toEqual(["1", "2"]);
  });

  it("breaks no line in two [CONSOLE-15]", () => {
    const items = Array.from({ length: 20 }, (_, index) => output(index + 1, text("x")));
    expect(groupTimeline(items)).toMatchObject([{ text: "x".repeat(20) }]);
  });

  it("begins the last items where a part begins, so that the parts stay when more come [CONSOLE-15]", () => {
    const items = Array.from({ length: 100 }, (_, index) => output(index + 1, text("\n")));
    const starts = [80, 95, 96, 100].map((end) => lastItems(items.slice(0, end), 32)[0]?.seq);
    expect(starts).toEqual([48n, 64n, 64n, 64n]);
    expect(lastItems(items, 100)).toBe(items);
  });

  it("shows what was written over as a terminal does [CONSOLE-15]", () => {
    expect(groupTimeline([output(1, text("10%\r100%\r\nnext\r"))])).toMatchObject([{ text: "100%\nnext" }]);
  });

  it("counts lines", () => {
    expect(countLines([output(1, text("a\nb")), output(2, text("\n\n"))])).toBe(3);
  });
});

describe("splitCommand", () => {
  it.each([
    ["ls -l", ["ls", "-l"]],
    ["  a\t b\n", ["a", "b"]],
    [`sh -c 'echo "$1" | cat' x`, ["sh", "-c", 'echo "$1" | cat', "x"]],
    [`a "b \\"c\\" \\n" d\\ e f'g'"h"`, ["a", 'b "c" \\n', "d e", "fgh"]],
    [`a ''`, ["a", ""]],
  ])("splits %s", (text, words) => {
    expect(splitCommand(text)).toEqual(words);
  });

  it.each(["", "  ", "a 'b", 'a "b', "a\\"])("refuses %o, with what to do", (text) => {
    expect(() => splitCommand(text)).toThrow(/\[OPTION_INVALID\].*Give a program/);
  });
});

describe("what views share", () => {
  it("names values of enums, and those of newer versions by their number", () => {
    expect(nameOf(AgentStatusSchema, AgentStatus.WAITING_FOR_PERMISSION)).toBe("waiting for permission");
    expect(nameOf(AgentStatusSchema, 99)).toBe("99");
  });

  it("shows errors with their code and what to do", () => {
    expect(toProblem(new MoorlineError("NOT_CONNECTED", "No."))).toMatchObject({ code: "NOT_CONNECTED", text: "No." });
    expect(toProblem(new ConnectError("no", Code.InvalidArgument))).toMatchObject({
      code: "INVALID_ARGUMENT",
      text: "no",
    });
    for (const thrown of [new Error("x"), 7]) expect(toProblem(thrown).action).not.toBe("");
  });

  it.each([
    [Code.InvalidArgument, /^Nothing was changed\./],
    [Code.NotFound, /^Nothing was changed\./],
    [Code.FailedPrecondition, /^Nothing was changed\./],
    [Code.Unimplemented, /^Nothing was changed\./],
    [Code.DeadlineExceeded, /^It may have been done all the same\./],
    [Code.Unavailable, /^It may have been done all the same\./],
    [Code.Aborted, /^It may have been done all the same\./],
    [Code.Canceled, /^It may have been done all the same\./],
    [Code.Internal, /^It may have been done all the same\./],
    [Code.Unknown, /^It may have been done all the same\./],
  ])("says of a call that failed with %i whether something may have changed [CONSOLE-13]", (code, action) => {
    expect(toProblem(new ConnectError("no", code)).action).toMatch(action);
  });

  it.each([
    [CommandRefusal.NOT_FOUND, /^Nothing was changed\. .*whole path/],
    [CommandRefusal.NOT_ALLOWED, /^Nothing was changed\. .*allow it/],
    [CommandRefusal.BAD_DIRECTORY, /^Nothing was changed\. .*whole path/],
    [CommandRefusal.VARIABLE_NOT_ALLOWED, /^Nothing was changed\./],
  ])("says of a command that was refused for reason %i what to do [CONSOLE-13]", (reason, action) => {
    const refused = { desc: CommandRefusedSchema, value: { reason, program: "mkae" } };
    const problem = toProblem(new ConnectError("the command is not run", Code.InvalidArgument, undefined, [refused]));
    expect(problem.action).toMatch(action);
  });

  it("says of a command that takes no input how one is run that does [CONSOLE-13]", () => {
    const closed = { desc: InputClosedSchema, value: { agentId: "a" } };
    const problem = toProblem(new ConnectError("no more prompts", Code.FailedPrecondition, undefined, [closed]));
    expect(problem).toMatchObject({ code: "INPUT_CLOSED", action: expect.stringContaining("takes prompts") });
  });

  it("says that what was never sent was not done [CONSOLE-13]", () => {
    const lost = { desc: ChannelLostSchema, value: { outcome: CallOutcome.NOT_SENT } };
    const { action } = toProblem(new ConnectError("lost", Code.Unavailable, undefined, [lost]));
    expect(action).toMatch(/^Nothing was changed\./);
  });

  it("tells of changes once each, and not of the same value", () => {
    const state = createState(1);
    let heard = 0;
    const end = state.subscribe(() => {
      heard += 1;
    });
    state.set(1);
    state.set(2);
    end();
    state.set(3);
    expect([state.getSnapshot(), heard]).toEqual([3, 1]);
  });
});
