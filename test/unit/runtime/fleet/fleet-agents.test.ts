import { clone } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { type Agent, AgentSchema, AgentStatus } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import { type FleetField, recentFirst, toRowOrder } from "../../../../src/runtime/fleet/fleet-order.ts";
import { SortedAgents } from "../../../../src/runtime/fleet/sorted-agents.ts";
import { profileOf, serverIdOfNumber } from "../../../compliance/host-registry.ts";
import { createAgent } from "../fake-directory.ts";
import { stageFleet } from "./support.ts";

async function stage() {
  const staged = stageFleet({ profiles: [profileOf(1), profileOf(2)] });
  await staged.fleet.start();
  const shown = (): string[] => staged.fleet.agents.getSnapshot().map(({ agent }) => agent.id);
  return { ...staged, shown };
}

describe("createHostFleet: agents", () => {
  it("shows the agents of all hosts, the one that has changed last first [FLEET-7]", async () => {
    const { fleet, fake, shown } = await stage();
    fake(1).show(createAgent("a", 30), createAgent("b", 10));
    fake(2).show(createAgent("c", 20));
    expect(shown()).toEqual(["a", "c", "b"]);
    expect(fleet.agents.getSnapshot()[1]?.serverId).toBe(serverIdOfNumber(2));
    fake(1).show(createAgent("b", 40));
    expect(shown()).toEqual(["b", "a", "c"]);
    await fleet.forget(serverIdOfNumber(1));
    expect(shown()).toEqual(["c"]);
  });

  it("keeps agents apart that have the same id on two hosts [FLEET-7]", async () => {
    const { fake, shown } = await stage();
    fake(1).show(createAgent("same", 1));
    fake(2).show(createAgent("same", 1));
    expect(shown()).toEqual(["same", "same"]);
    fake(1).directory.remove("same");
    expect(shown()).toEqual(["same"]);
  });

  it("keeps the rows of agents that have not changed, and the list where none has [FLEET-8]", async () => {
    const { fleet, fake } = await stage();
    fake(1).show(createAgent("a", 30), createAgent("b", 10));
    const before = fleet.agents.getSnapshot();
    expect(fleet.agents.getSnapshot()).toBe(before);
    fake(2).show(createAgent("c", 20));
    const after = fleet.agents.getSnapshot();
    expect([after[0] === before[0], after[2] === before[1]]).toEqual([true, true]);
    expect(before).toHaveLength(2);
  });

  it.each<[FleetField, string]>([
    ["updatedAt", "a b c"],
    ["createdAt", "c b a"],
    ["title", "b c a"],
    ["status", "c a b"],
    ["providerId", "b a c"],
    ["workingDirectory", "a c b"],
  ])("sorts by %s, both ways [FLEET-7]", async (by, order) => {
    const { fleet, fake, shown } = await stage();
    const at = (second: number) => ({ createdAt: timestampFromMs(second * 1_000) });
    fake(1).show(
      createAgent("c", 3, {
        ...at(1),
        title: "Bee",
        status: AgentStatus.STARTING,
        providerId: "z",
        workingDirectory: "/b",
      }),
    );
    fake(2).show(
      createAgent("a", 1, {
        ...at(3),
        title: "cat",
        status: AgentStatus.RUNNING,
        providerId: "y",
        workingDirectory: "/a",
      }),
    );
    fake(1).show(
      createAgent("b", 2, {
        ...at(2),
        title: "ant",
        status: AgentStatus.ENDED,
        providerId: "x",
        workingDirectory: "/c",
      }),
    );
    fleet.setOrder({ by });
    expect(shown()).toEqual(order.split(" "));
    fleet.setOrder({ by, descending: true });
    expect(shown()).toEqual(order.split(" ").reverse());
  });

  it("refuses a field that there is not [FLEET-7]", async () => {
    const { fleet } = await stage();
    expect(() => fleet.setOrder({ by: "toString" as FleetField })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }),
    );
  });

  it("listens to the hosts only while somebody subscribes, to those that come later too [FLEET-7]", async () => {
    const { fleet, fake } = await stage();
    expect(fake(1).directory.agents.listeners).toBe(0);
    const listener = vi.fn();
    const leave = fleet.agents.subscribe(listener);
    await fleet.add(profileOf(3));
    fake(3).show(createAgent("late"));
    expect([fake(1).directory.agents.listeners, fake(3).directory.agents.listeners]).toEqual([1, 1]);
    expect(listener).toHaveBeenCalledTimes(2);
    fleet.setOrder(recentFirst);
    expect(listener).toHaveBeenCalledTimes(2);
    fleet.setOrder({ by: "title" });
    expect(listener).toHaveBeenCalledTimes(3);
    leave();
    expect([fake(1).directory.agents.listeners, fake(3).directory.agents.listeners]).toEqual([0, 0]);
  });
});

/** Changes to lists of a few hosts. */
const edits = fc.array(
  fc.record({
    host: fc.nat(2),
    agent: fc.nat(9),
    second: fc.nat(5),
    what: fc.constantFrom("put", "put", "put", "remove", "many", "leave"),
  }),
  { maxLength: 30 },
);

describe("SortedAgents", () => {
  it("has what sorting everything anew would give, after any changes, few or many [FLEET-7] [FLEET-8]", () => {
    fc.assert(
      fc.property(edits, (sequence) => {
        const order = toRowOrder(recentFirst);
        const sorted = new SortedAgents(order);
        const lists = new Map<string, readonly Agent[]>();
        for (const { host, agent, second, what } of sequence) {
          const serverId = `s${host}`;
          const list = (lists.get(serverId) ?? []).filter(({ id }) => id !== `${agent}`);
          if (what === "put") lists.set(serverId, [createAgent(`${agent}`, second), ...list]);
          if (what === "remove") lists.set(serverId, list);
          if (what === "leave") lists.delete(serverId);
          if (what === "many")
            lists.set(
              serverId,
              Array.from({ length: 70 }, (_, i) => createAgent(`${i}`, (i * second) % 7)),
            );
          const rows = sorted.update(lists);
          const expected = [...lists].flatMap(([id, agents]) => agents.map((one) => ({ serverId: id, agent: one })));
          expect(rows.map((row) => [row.serverId, row.agent.id])).toEqual(
            expected.sort(order).map((row) => [row.serverId, row.agent.id]),
          );
          expect(sorted.update(lists)).toBe(rows);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("compares a few rows, not all, where one agent of many has changed [FLEET-8]", () => {
    let compared = 0;
    const order = toRowOrder(recentFirst);
    const sorted = new SortedAgents((a, b) => {
      compared += 1;
      return order(a, b);
    });
    const agents = Array.from({ length: 10_000 }, (_, i) => createAgent(`${i}`, 10_000 - i));
    const before = sorted.update(new Map([["s", agents]]));
    compared = 0;
    const changed = clone(AgentSchema, agents[5_000] as Agent);
    changed.updatedAt = timestampFromMs(20_000_000);
    const after = sorted.update(new Map([["s", [changed, ...agents.slice(0, 5_000), ...agents.slice(5_001)]]]));
    expect(compared).toBeLessThan(40);
    expect([after[0]?.agent, after[1], after.length]).toEqual([changed, before[0], 10_000]);
  });
});
