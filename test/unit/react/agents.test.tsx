// @vitest-environment happy-dom
import { Activity, act, memo, type ReactNode, StrictMode, useState } from "react";
import { describe, expect, it, vi } from "vitest";
import { type Agent, AgentStatus } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import {
  MoorlineProvider,
  useAgent,
  useAgentCount,
  useAgentIds,
  useAgents,
  useCreations,
  useDirectory,
} from "../../../src/react/index.ts";
import type { AgentViewFilter } from "../../../src/runtime/agent-view.ts";
import type { FleetOrder } from "../../../src/runtime/fleet/fleet-order.ts";
import { syncState } from "../machine/machine-data.ts";
import { recency } from "../runtime/fake-directory.ts";
import { createAgent, createEntry, createFakeHost, type FakeHost } from "./support/fake-host.ts";
import { mount } from "./support/mount.tsx";

/** What was rendered since somebody last looked. */
const renders: string[] = [];
const took = (): string[] => renders.splice(0);

const IdRow = memo(({ id }: { readonly id: string }): ReactNode => {
  renders.push(id);
  return <li>{useAgent(id)?.title ?? "gone"}</li>;
});

const AgentRow = memo(({ agent }: { readonly agent: Agent }): ReactNode => {
  renders.push(agent.id);
  return <li>{agent.title}</li>;
});

function IdList(): ReactNode {
  renders.push("list");
  return useAgentIds().map((id) => <IdRow key={id} id={id} />);
}

interface ListProps {
  readonly filter?: AgentViewFilter;
  readonly order?: FleetOrder;
}

function AgentList({ filter, order }: ListProps): ReactNode {
  renders.push("list");
  // A filter of its own in each render, as it is written in a call.
  const { agents } = useAgents(filter && { ...filter }, { order: order && { ...order } });
  return agents.map((agent) => <AgentRow key={agent.creationId || agent.id} agent={agent} />);
}

async function show({ host }: FakeHost, node: ReactNode) {
  took();
  const view = await mount(<MoorlineProvider host={host}>{node}</MoorlineProvider>);
  return {
    ...{ view, first: took() },
    titles: () => [...view.container.querySelectorAll("li")].map(({ textContent }) => textContent),
  };
}

const numbered = (count: number): Agent[] =>
  Array.from({ length: count }, (_, index) => createAgent({ id: `${index}`, title: `t${index}` }));

describe("useAgentIds and useAgent", () => {
  it("render one row where one agent of 10,000 has changed [REACT-7]", async () => {
    const fake = createFakeHost("A", numbered(10_000));
    const { view, first } = await show(fake, <IdList />);
    expect([first.length, fake.agentListeners]).toEqual([10_001, 10_000]);
    await act(async () => fake.put(createAgent({ id: "7000", title: "changed" })));
    expect(took()).toEqual(["7000"]);
    expect(view.container.children[7000]?.textContent).toBe("changed");
  });

  it("render the list and the new row where an agent comes, and the list alone where places change [REACT-7]", async () => {
    const fake = createFakeHost("A", numbered(3));
    const { titles } = await show(fake, <IdList />);
    await act(async () => fake.put(createAgent({ id: "3", title: "t3" })));
    expect(took()).toEqual(["list", "3"]);
    await act(async () => fake.agents.set(fake.agents.getSnapshot().toReversed()));
    expect([took(), titles()]).toEqual([["list"], ["t3", "t2", "t1", "t0"]]);
    await act(async () => fake.remove("2"));
    expect([took(), titles()]).toEqual([["list"], ["t3", "t1", "t0"]]);
    expect(fake.agentListeners).toBe(3);
  });

  it("render one row where an agent keeps its place among those that are sorted, the list where it moves [REACT-7]", async () => {
    const at = (id: string, seconds: number): Agent => createAgent({ id, updatedAt: { seconds: BigInt(seconds) } });
    const fake = createFakeHost("A", [at("0", 10), at("1", 20), at("2", 30)], recency);
    const { titles } = await show(fake, <IdList />);
    await act(async () => fake.put({ ...at("1", 25), title: "changed" }));
    expect([took(), titles()]).toEqual([["1"], ["Agent 2", "changed", "Agent 0"]]);
    await act(async () => fake.put(at("0", 26)));
    expect([took(), titles()]).toEqual([
      ["list", "0"],
      ["Agent 2", "Agent 0", "changed"],
    ]);
    await act(async () => fake.remove("2"));
    expect([took(), titles()]).toEqual([["list"], ["Agent 0", "changed"]]);
  });

  it("render a range where another agent stands in it, and at no other change of the list [REACT-7]", async () => {
    const fake = createFakeHost("A", numbered(5));
    let scroll: (start: number) => void = () => {};
    const Range = (): ReactNode => {
      const [start, setStart] = useState(1);
      scroll = setStart;
      renders.push("list");
      return useAgentIds({}, { range: { start, end: start + 2 } }).map((id) => <IdRow key={id} id={id} />);
    };
    const { first, titles } = await show(fake, <Range />);
    expect(first).toEqual(["list", "1", "2"]);
    await act(async () => fake.remove("4"));
    expect([took(), titles()]).toEqual([[], ["t1", "t2"]]);
    await act(async () => fake.remove("0"));
    expect([took(), titles()]).toEqual([
      ["list", "3"],
      ["t2", "t3"],
    ]);
    await act(async () => scroll(0));
    expect([took(), titles(), fake.agents.followers]).toEqual([["list", "1"], ["t1", "t2"], 1]);
  });

  it("follow once in StrictMode, and not while they are hidden; what has changed meanwhile is there then [REACT-3]", async () => {
    const fake = createFakeHost("A", numbered(3), recency);
    const tree = (mode: "visible" | "hidden"): ReactNode => (
      <StrictMode>
        <MoorlineProvider host={fake.host}>
          <Activity mode={mode}>
            <IdList />
          </Activity>
        </MoorlineProvider>
      </StrictMode>
    );
    const view = await mount(tree("visible"));
    expect([fake.agents.followers, fake.agents.listeners]).toEqual([1, 1]);
    await view.render(tree("hidden"));
    expect([fake.agents.followers, fake.agents.listeners]).toEqual([0, 0]);
    await act(async () => fake.put(createAgent({ id: "9" })));
    await view.render(tree("visible"));
    expect([view.text, fake.agents.followers]).toEqual(["t0t1t2Agent 9", 1]);
    await act(async () => fake.remove("0"));
    expect(view.text).toBe("t1t2Agent 9");
  });

  it("render nothing where the connection or the mirror's state changes [REACT-7]", async () => {
    const fake = createFakeHost("A", numbered(3));
    await show(fake, <IdList />);
    await act(async () => {
      fake.snapshot.set({ ...fake.snapshot.getSnapshot(), sessionRef: "0123456789abcdef" });
      fake.sync.set(syncState({ case: "ready", value: {} }));
    });
    expect(took()).toEqual([]);
  });

  it("show an agent that comes later, and that one is gone [REACT-7]", async () => {
    const fake = createFakeHost();
    const { titles } = await show(fake, <IdRow id="1" />);
    await act(async () => fake.put(createAgent({ id: "1", title: "there" })));
    const there = titles();
    await act(async () => fake.remove("1"));
    expect([there, titles()]).toEqual([["there"], ["gone"]]);
  });

  it("show another agent at once where another id is given [REACT-7]", async () => {
    const fake = createFakeHost("A", numbered(2));
    let choose: (id: string) => void = () => {};
    const Chosen = (): ReactNode => {
      const [id, setId] = useState("0");
      choose = setId;
      return <IdRow id={id} />;
    };
    const { titles } = await show(fake, <Chosen />);
    await act(async () => choose("1"));
    expect([titles(), fake.agentListeners]).toEqual([["t1"], 1]);
  });
});

describe("useAgents", () => {
  it("renders the list and one memoised row where one agent has changed [REACT-7]", async () => {
    const fake = createFakeHost("A", numbered(100));
    await show(fake, <AgentList />);
    await act(async () => fake.put(createAgent({ id: "50", title: "changed" })));
    expect(took()).toEqual(["list", "50"]);
  });

  it("renders nothing where the mirror tells of the same agents, or the connection changes [REACT-1]", async () => {
    const fake = createFakeHost("A", numbered(3));
    await show(fake, <AgentList />);
    await act(async () => {
      fake.agents.set(fake.agents.getSnapshot());
      fake.agents.set([...fake.agents.getSnapshot()]);
      fake.snapshot.set({ ...fake.snapshot.getSnapshot(), sessionRef: "0123456789abcdef" });
    });
    expect(took()).toEqual([]);
  });

  it("renders nothing where only agents change that the filter leaves out [REACT-8]", async () => {
    const running = { status: AgentStatus.RUNNING };
    const fake = createFakeHost("A", [createAgent({ id: "1" }), createAgent({ id: "2", ...running })]);
    const { titles } = await show(fake, <AgentList filter={{ statuses: [AgentStatus.RUNNING] }} />);
    await act(async () => fake.put(createAgent({ id: "1", title: "changed" })));
    expect([took(), titles()]).toEqual([[], ["Agent 2"]]);
    await act(async () => fake.put(createAgent({ id: "1", title: "runs", ...running })));
    expect([took(), titles()]).toEqual([
      ["list", "1"],
      ["runs", "Agent 2"],
    ]);
  });

  it("selects once for equal filters, makes no new subscription and no new list, and shows another filter at once [REACT-8]", async () => {
    const fake = createFakeHost("A", [createAgent({ id: "1" }), createAgent({ id: "2", labels: { team: "a" } })]);
    const seen: unknown[] = [];
    const Filtered = ({ team }: { readonly team: string }): ReactNode => {
      const { agents } = useAgents({ labels: { team } });
      seen.push(agents);
      return agents.map(({ id }) => <li key={id}>{id}</li>);
    };
    const tree = (team: string): ReactNode => (
      <MoorlineProvider host={fake.host}>
        <Filtered team={team} />
      </MoorlineProvider>
    );
    const selecting = vi.spyOn(fake.agents.getSnapshot() as Agent[], "filter");
    const view = await mount(tree("a"));
    await view.render(tree("a"));
    expect(selecting).toHaveBeenCalledTimes(1);
    expect([seen[1] === seen[0], fake.agents.subscriptions]).toEqual([true, 1]);
    await view.render(tree("b"));
    expect([view.text, fake.agents.listeners, fake.agents.followers, fake.asked]).toEqual(["", 1, 1, []]);
  });

  it.each<readonly [FleetOrder | undefined, readonly string[]]>([
    [undefined, ["b10", "a", "b9"]],
    [{ by: "createdAt", descending: true }, ["b9", "b10", "a"]],
    [{ by: "title" }, ["a", "b10", "b9"]],
  ])("orders by %o [REACT-8]", async (order, expected) => {
    const createdAt = (seconds: number) => ({ createdAt: { seconds: BigInt(seconds), nanos: 0 } });
    const fake = createFakeHost("A", [
      createAgent({ id: "1", title: "b10", ...createdAt(5) }),
      createAgent({ id: "2", title: "a", ...createdAt(5) }),
      createAgent({ id: "3", title: "b9", ...createdAt(6) }),
    ]);
    const { titles } = await show(fake, <AgentList {...(order && { order })} />);
    expect(titles()).toEqual(expected);
  });
});

describe("useAgentCount", () => {
  it("renders when there are more or fewer that match, and at no other change [REACT-7]", async () => {
    const running = { status: AgentStatus.RUNNING };
    const fake = createFakeHost("A", [createAgent({ id: "0", ...running }), createAgent({ id: "1" })], recency);
    const Count = (): ReactNode => {
      renders.push("count");
      return <li>{useAgentCount({ statuses: [AgentStatus.RUNNING] })}</li>;
    };
    const { titles } = await show(fake, <Count />);
    await act(async () => fake.put(createAgent({ id: "0", title: "changed", ...running })));
    expect([took(), titles()]).toEqual([[], ["1"]]);
    await act(async () => fake.put(createAgent({ id: "1", ...running })));
    expect([took(), titles()]).toEqual([["count"], ["2"]]);
    await act(async () => fake.put(createAgent({ id: "0" }), createAgent({ id: "2", ...running })));
    expect([took(), titles()]).toEqual([[], ["2"]]);
  });
});

describe("useDirectory", () => {
  it("renders when the mirror's state changes, and at no change of an agent [REACT-7]", async () => {
    const fake = createFakeHost("A", numbered(3));
    const Around = (): ReactNode => {
      renders.push("around");
      return <li>{useDirectory().sync.state.case}</li>;
    };
    const { titles } = await show(fake, <Around />);
    await act(async () => fake.put(createAgent({ id: "1", title: "changed" })));
    expect(took()).toEqual([]);
    await act(async () => fake.sync.set(syncState({ case: "ready", value: {} })));
    expect([took(), titles()]).toEqual([["around"], ["ready"]]);
  });
});

describe("an agent that is being created", () => {
  const confirmed = createAgent({ id: "real", creationId: "k", title: "answered" });
  const isAnswered = { case: "confirmed", value: { agentId: "real" } } as const;

  it("is in every list at once, and keeps its row when it is answered and when the directory has it [REACT-9]", async () => {
    const fake = createFakeHost("A", numbered(1));
    const { view, titles } = await show(fake, <AgentList />);
    await act(async () => fake.creations.set([createEntry("k")]));
    expect([took(), titles()]).toEqual([
      ["list", "k"],
      ["Agent k", "t0"],
    ]);
    const row = view.container.firstChild;
    await act(async () => fake.creations.set([createEntry("k", isAnswered, confirmed)]));
    expect([took(), titles()]).toEqual([
      ["list", "real"],
      ["answered", "t0"],
    ]);
    // The directory tells first: for a moment both have it.
    await act(async () => fake.agents.set([confirmed, ...fake.agents.getSnapshot()]));
    await act(async () => fake.creations.set([]));
    expect([took(), titles()]).toEqual([[], ["answered", "t0"]]);
    expect(view.container.firstChild).toBe(row);
  });

  it("is found by the key of its creation, then by its id [REACT-9]", async () => {
    const fake = createFakeHost();
    const { titles } = await show(fake, <IdList />);
    await act(async () => fake.creations.set([createEntry("k")]));
    expect([took(), titles()]).toEqual([["list", "k"], ["Agent k"]]);
    await act(async () => fake.creations.set([createEntry("k", isAnswered, confirmed)]));
    expect([took(), titles()]).toEqual([["list", "real"], ["answered"]]);
    await act(async () => {
      fake.put(confirmed);
      fake.creations.set([]);
    });
    expect([took(), titles()]).toEqual([[], ["answered"]]);
  });

  it("is in no list where it does not match, or has failed; useCreations says why until it is dismissed [REACT-9]", async () => {
    const fake = createFakeHost();
    const Failures = (): ReactNode =>
      useCreations().map(({ key, error }) => <li key={key}>{error?.rawMessage ?? "…"}</li>);
    const { titles } = await show(fake, [
      <AgentList key="list" filter={{ providerIds: ["other"] }} />,
      <AgentList key="all" />,
      <Failures key="failures" />,
    ]);
    await act(async () => fake.creations.set([createEntry("k")]));
    expect(titles()).toEqual(["Agent k", "…"]);
    await act(async () => fake.creations.set([createEntry("k", { case: "failed", value: {} })]));
    expect(titles()).toEqual(["refused"]);
    await act(async () => fake.creations.set([]));
    expect(titles()).toEqual([]);
  });
});
