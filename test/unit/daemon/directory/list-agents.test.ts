import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AgentStatus } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import { ListAgentsRequestSchema } from "../../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { CursorRefusal, CursorRefusedSchema } from "../../../../gen/moorline/agent/v1/error_pb.ts";
import type { AgentCollection } from "../../../../src/daemon/directory/agent-collection.ts";
import { listAgents } from "../../../../src/daemon/directory/list-agents.ts";
import { createPageToken } from "../../../../src/daemon/directory/page-token.ts";
import { createAgent, stageAgents } from "./support/directory.ts";

function list(agents: AgentCollection, init: MessageInitShape<typeof ListAgentsRequestSchema> = {}) {
  const { agents: page, nextPageToken } = listAgents(agents, create(ListAgentsRequestSchema, init));
  return { ids: page.map(({ id }) => id), nextPageToken };
}

function fill(count: number, title = ""): AgentCollection {
  const agents = stageAgents();
  for (let i = 0; i < count; i += 1) agents.put(`${i}`, createAgent(`${i}`, { title }));
  return agents;
}

function refusalOf(run: () => unknown): unknown {
  try {
    run();
  } catch (thrown) {
    const error = ConnectError.from(thrown);
    return [error.code, ...error.findDetails(CursorRefusedSchema).map(({ reason }) => reason)];
  }
  return undefined;
}

describe("ListAgents", () => {
  it("lists the agent that changed last first, page by page, each once [DIR-19]", () => {
    const agents = fill(7);
    agents.put("2", createAgent("2"));
    agents.delete("5");
    const first = list(agents, { pageSize: 4 });
    expect(first.ids).toEqual(["2", "6", "4", "3"]);
    const second = list(agents, { pageSize: 4, pageToken: first.nextPageToken });
    expect(second).toEqual({ ids: ["1", "0"], nextPageToken: "" });
  });

  it("says that a page is the last one where it ends with the last match [DIR-19]", () => {
    const agents = fill(4);
    agents.put("other", createAgent("other", { status: AgentStatus.ENDED }));
    const filter = { statuses: [AgentStatus.IDLE] };
    expect(list(agents, { filter, pageSize: 4 })).toEqual({ ids: ["3", "2", "1", "0"], nextPageToken: "" });
    expect(list(stageAgents())).toEqual({ ids: [], nextPageToken: "" });
  });

  it.each([
    [0, 100],
    [1, 1],
    [1_000, 1_000],
    [1_000_000, 1_000],
    [2 ** 32 - 1, 1_000],
  ])("gives for a page of %i at most %i [DIR-19]", (pageSize, most) => {
    const { ids, nextPageToken } = list(fill(1_001), { pageSize });
    expect(ids).toHaveLength(most);
    expect(nextPageToken).not.toBe("");
  });

  it("ends a page before it takes more than 1 MiB, with one agent at least [DIR-19]", () => {
    expect(list(fill(10, "t".repeat(300_000))).ids).toHaveLength(3);
    expect(list(fill(2, "t".repeat(1_100_000))).ids).toHaveLength(1);
  });

  it("leaves an agent that changes between two pages to the first one [DIR-19]", () => {
    const agents = fill(6);
    const { nextPageToken } = list(agents, { pageSize: 3 });
    agents.put("1", createAgent("1"));
    expect(list(agents, { pageSize: 3, pageToken: nextPageToken }).ids).toEqual(["2", "0"]);
  });

  it.each(["=", "%%%", "x", "AAAA", Buffer.from("junk junk").toString("base64url"), "A".repeat(10_000)])(
    "refuses a token that is none: %s [DIR-20]",
    (pageToken) => {
      expect(refusalOf(() => list(fill(3), { pageToken }))).toEqual([Code.InvalidArgument, CursorRefusal.MALFORMED]);
    },
  );

  it("refuses tokens of another filter, another process, and the future [DIR-20]", () => {
    const agents = fill(3);
    const { nextPageToken } = list(agents, { pageSize: 1 });
    const filter = { onlyAttention: true };
    const refusal = (at: AgentCollection, pageToken: string, other = {}): unknown =>
      refusalOf(() => list(at, { pageToken, ...other }));
    expect(refusal(agents, nextPageToken, { filter })).toEqual([Code.InvalidArgument, CursorRefusal.FOREIGN]);
    const token = (epoch: string, revision: number): string =>
      createPageToken({ epoch, filterHash: hashOf(nextPageToken), revision });
    expect(refusal(agents, token("ended", 2))).toEqual([Code.InvalidArgument, CursorRefusal.EXPIRED]);
    expect(refusal(agents, token(agents.epoch, 4))).toEqual([Code.InvalidArgument, CursorRefusal.AHEAD]);
    expect(refusal(agents, token(agents.epoch, 3))).toBeUndefined();
  });
});

/** The hash of the filter that a token was made for: its 43 characters, behind those of the epoch. */
function hashOf(token: string): string {
  return (
    Buffer.from(token, "base64url")
      .toString("latin1")
      .match(/[\w-]{43}/)?.[0] ?? ""
  );
}
