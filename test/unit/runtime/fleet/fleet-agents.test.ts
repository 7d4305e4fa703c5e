import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { type Agent, AgentStatus } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import { createFleetView } from "../../../../src/runtime/agent-view.ts";
import type { FleetAgent } from "../../../../src/runtime/fleet/fleet-agent.ts";
import { FleetAgents } from "../../../../src/runtime/fleet/fleet-agents.ts";
import {
  type FleetField,
  type FleetOrder,
  recentFirst,
  toRowOrder,
} from "../../../../src/runtime/fleet/fleet-order.ts";
import { profileOf, serverIdOfNumber } from "../../../../src/testing/sample-profiles.ts";
import { createAgent, recency } from "../fake-directory.ts";
import { ListStore } from "../support/list-store.ts";
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
    what: fc.constantFrom("put", "put", "put", "remove", "many", "leave", "sort", "look", "turn away"),
  }),
  { maxLength: 30 },
);

/** The list is the same in the other order, until there are two. */
const sortedWhileAlone = [
  { host: 0, agent: 0, second: 0, what: "put" },
  { host: 0, agent: 5, second: 0, what: "sort" },
  { host: 0, agent: 0, second: 0, what: "look" },
  { host: 0, agent: 1, second: 1, what: "put" },
] as const;

/** Three hosts, of which a test sets the lists. */
class Hosts {
  readonly agents = new FleetAgents((error) => expect.unreachable(String(error)));
  readonly stores = new Map<string, ListStore<Agent>>();
  order: FleetOrder = recentFirst;

  store(host: number): ListStore<Agent> {
    const serverId = `s${host}`;
    const known = this.stores.get(serverId);
    if (known !== undefined) return known;
    const store = new ListStore<Agent>([], recency);
    this.stores.set(serverId, store);
    this.agents.add(serverId, store);
    return store;
  }

  leave(host: number): void {
    this.stores.delete(`s${host}`);
    this.agents.remove(`s${host}`);
  }

  sort(order: FleetOrder): void {
    this.order = order;
    this.agents.setOrder(order);
  }

  get expected(): FleetAgent[] {
    const rows = [...this.stores].flatMap(([serverId, store]) =>
      store.getSnapshot().map((agent) => ({ serverId, agent })),
    );
    return rows.sort(toRowOrder(this.order));
  }
}

describe("FleetAgents", () => {
  it("has what sorting everything anew would give, after any changes, looked at or not [FLEET-7] [FLEET-8]", () => {
    fc.assert(
      fc.property(edits, (sequence) => {
        const hosts = new Hosts();
        const view = createFleetView(hosts.agents);
        const looks: Array<() => void> = [];
        for (const { host, agent, second, what } of sequence) {
          const store = hosts.store(host);
          const others = store.getSnapshot().filter(({ id }) => id !== `${agent}`);
          if (what === "put") store.set([createAgent(`${agent}`, second), ...others]);
          if (what === "remove") store.set(others);
          if (what === "leave") hosts.leave(host);
          if (what === "many") store.set(Array.from({ length: 70 }, (_, i) => createAgent(`${i}`, (i * second) % 7)));
          if (what === "sort") hosts.sort({ by: second < 3 ? "updatedAt" : "title", descending: agent < 5 });
          if (what === "look")
            looks.push(
              view.keys.subscribe(() => {}),
              hosts.agents.subscribe(() => {}),
            );
          if (what === "turn away") for (const leave of looks.splice(0)) leave();
          const [before, rows] = [view.keys.getSnapshot(), hosts.agents.getSnapshot()];
          expect(rows).toEqual(hosts.expected);
          expect(before).toEqual(rows.map((row) => ({ serverId: row.serverId, id: row.agent.id })));
          expect([hosts.agents.getSnapshot() === rows, view.keys.getSnapshot() === before]).toEqual([true, true]);
        }
      }),
      { numRuns: 150, examples: [[[...sortedWhileAlone]]] },
    );
  });

  it("keeps the rows of all other agents, and the ids until one changes its place [FLEET-8] [FLEET-12]", () => {
    const hosts = new Hosts();
    hosts.store(1).set([createAgent("a", 3), createAgent("b", 1)]);
    hosts.store(2).set([createAgent("a", 2)]);
    const view = createFleetView(hosts.agents);
    view.keys.subscribe(() => {});
    const [rows, ids] = [hosts.agents.getSnapshot(), view.keys.getSnapshot()];
    hosts.store(2).set([createAgent("a", 2, { title: "changed" })]);
    const next = hosts.agents.getSnapshot();
    expect([next[0] === rows[0], next[1]?.agent.title, next[2] === rows[2]]).toEqual([true, "changed", true]);
    expect(view.keys.getSnapshot()).toBe(ids);
    hosts.store(2).set([createAgent("a", 9)]);
    expect(view.keys.getSnapshot()).not.toEqual(ids);
  });

  it("asks no host for its list, and sorts nothing, where one agent of many has changed [FLEET-8]", () => {
    const hosts = new Hosts();
    hosts.store(1).set(Array.from({ length: 10_000 }, (_, i) => createAgent(`${i}`, 10_000 - i)));
    const view = createFleetView(hosts.agents);
    view.keys.subscribe(() => {});
    const ids = view.keys.getSnapshot();
    const store = hosts.store(1);
    const list = store.getSnapshot();
    const asked = vi.spyOn(store, "getSnapshot");
    const changed = { ...(list[5_000] as Agent), title: "changed" };
    store.set(list.with(5_000, changed));
    asked.mockClear();
    expect(view.keys.getSnapshot()).toBe(ids);
    store.set(list.with(5_000, { ...changed, updatedAt: timestampFromMs(20_000_000) }));
    asked.mockClear();
    expect(view.keys.getSnapshot()[0]).toEqual({ serverId: "s1", id: "5000" });
    expect(asked).not.toHaveBeenCalled();
  });
});
