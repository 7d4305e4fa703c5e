import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { type Agent, AgentSchema, AgentStatus } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { type AgentViewFilter, createAgentView } from "../../../src/runtime/agent-view.ts";

const list = [
  create(AgentSchema, { id: "1", title: "b", providerId: "command", status: AgentStatus.RUNNING }),
  create(AgentSchema, { id: "2", title: "a", providerId: "other", labels: { team: "x" } }),
  create(AgentSchema, { id: "3", title: "c", providerId: "command", archivedAt: { seconds: 1n } }),
];

describe("createAgentView", () => {
  it("gives the very list where all are wanted as they come [REACT-8]", () => {
    expect(createAgentView().agents(list)).toBe(list);
  });

  it.each<readonly [AgentViewFilter, readonly string[]]>([
    [{}, ["1", "2"]],
    [{ providerIds: ["command"] }, ["1"]],
    [{ labels: { team: "x" } }, ["2"]],
    [{ statuses: [AgentStatus.RUNNING], providerIds: ["other"] }, []],
  ])("selects by %o as the daemon does [REACT-8, DIR-16]", (filter, expected) => {
    expect(createAgentView(filter).ids(list)).toEqual(expected);
  });

  it("gives the very ids of before until an agent comes, goes or changes its place [REACT-7]", () => {
    const { ids } = createAgentView();
    const [one, two, three] = list as [Agent, Agent, Agent];
    const before = ids(list);
    expect(ids([{ ...one, title: "d" }, two, three])).toBe(before);
    expect(ids([two, one, three])).toEqual(["2", "1", "3"]);
    expect(ids([two, one])).toEqual(["2", "1"]);
    expect(ids(list)).toEqual(before);
  });

  it("selects, then orders, and leaves the list as it was [REACT-8]", () => {
    const { agents } = createAgentView({}, { by: "title" });
    expect([agents(list).map(({ title }) => title), list[0]?.id]).toEqual([["a", "b"], "1"]);
  });
});
