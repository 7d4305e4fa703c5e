import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { AgentSchema, AgentStatus } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { ArchivedFilter } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { type AgentViewFilter, createAgentView, createFleetView } from "../../../src/runtime/agent-view.ts";
import type { FleetAgent } from "../../../src/runtime/fleet/fleet-agent.ts";
import type { FleetOrder } from "../../../src/runtime/fleet/fleet-order.ts";
import { ListStore } from "./support/list-store.ts";

const list = [
  create(AgentSchema, { id: "1", title: "b", providerId: "command", status: AgentStatus.RUNNING }),
  create(AgentSchema, { id: "2", title: "a", providerId: "other", labels: { team: "x" } }),
  create(AgentSchema, { id: "3", title: "c", providerId: "command", archivedAt: { seconds: 1n } }),
];

const viewOf = (...asked: [filter?: AgentViewFilter, order?: FleetOrder]) =>
  createAgentView(new ListStore(list), ...asked);

describe("createAgentView", () => {
  it("gives the very list where all are wanted as they come [REACT-8]", () => {
    expect(viewOf().values.getSnapshot()).toBe(list);
  });

  it.each<readonly [AgentViewFilter, readonly string[]]>([
    [{}, ["1", "2"]],
    [{ providerIds: ["command"] }, ["1"]],
    [{ labels: { team: "x" } }, ["2"]],
    [{ statuses: [AgentStatus.RUNNING], providerIds: ["other"] }, []],
  ])("selects by %o as the daemon does [REACT-8, DIR-16]", (filter, expected) => {
    const { keys, count } = viewOf(filter);
    expect([keys.getSnapshot(), count.getSnapshot()]).toEqual([expected, expected.length]);
  });

  it("selects, then orders, and leaves the list as it was [REACT-8]", () => {
    const { values } = viewOf({}, { by: "title" });
    expect([values.getSnapshot().map(({ title }) => title), list[0]?.id]).toEqual([["a", "b"], "1"]);
  });
});

describe("createFleetView", () => {
  it("selects of all hosts, and keeps ids by what they say [REACT-8, FLEET-12]", () => {
    const rows = list.map((agent) => ({ serverId: agent.providerId, agent }));
    const store = new ListStore<FleetAgent>(rows);
    const { keys, values } = createFleetView(store, { archived: ArchivedFilter.INCLUDED, providerIds: ["command"] });
    const ids = keys.getSnapshot();
    expect([values.getSnapshot(), ids]).toEqual([
      [rows[0], rows[2]],
      [
        { serverId: "command", id: "1" },
        { serverId: "command", id: "3" },
      ],
    ]);
    store.set(rows.map((row) => ({ ...row })));
    expect(keys.getSnapshot()).toBe(ids);
    store.set(rows.map((row) => ({ ...row, serverId: "elsewhere" })));
    expect(keys.getSnapshot()).not.toEqual(ids);
  });
});
