// @vitest-environment happy-dom
import { create } from "@bufbuild/protobuf";
import { act } from "react";
import { describe, expect, it } from "vitest";
import { type Agent, AgentSchema } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { createFixtureModel } from "../../../src/console/fixture/fixture-model.ts";
import { arrangeAgents } from "../../../src/console/model/arrange-agents.ts";
import type { ConsoleHost } from "../../../src/console/model/console-model.ts";
import { createState, type Source, type State } from "../../../src/console/model/source.ts";
import { AgentsPage } from "../../../src/console/pages/agents-page.tsx";
import { byUpdatedLast, toTotalOrder } from "../../../src/runtime/mirror/agent-order.ts";
import { mount } from "../react/support/mount.tsx";
import { ListStore } from "../runtime/support/list-store.ts";

const COUNT = 100_000;
const ROW_PX = 45;

function idOf(index: number): string {
  return `agent-${String(index).padStart(6, "0")}`;
}

/** A host with many agents, which counts who listens to one of them. */
class CrowdedHost {
  readonly list = new ListStore<Agent>(
    Array.from({ length: COUNT }, (_, index) => create(AgentSchema, { id: idOf(index) })),
    { order: toTotalOrder(byUpdatedLast), keyOf: ({ id }) => id },
  );
  readonly listened = new Map<string, number>();
  private readonly agents = new Map<string, State<Agent | undefined>>();

  get host(): ConsoleHost {
    const [host] = createFixtureModel(0).hosts.getSnapshot();
    if (host === undefined) throw new Error("there is no host");
    return {
      ...host,
      directory: createState({ presentation: "none", sync: "ready", creations: [] }),
      agentCount: createState(COUNT),
      agentIds: (arrangement) => arrangeAgents(this.list, arrangement),
      agent: (id) => this.agent(id),
    };
  }

  retitle(id: string, title: string): void {
    this.state(id).set(create(AgentSchema, { id, title }));
  }

  private state(id: string): State<Agent | undefined> {
    const known = this.agents.get(id) ?? createState<Agent | undefined>(create(AgentSchema, { id }));
    this.agents.set(id, known);
    return known;
  }

  private agent(id: string): Source<Agent | undefined> {
    const { getSnapshot, subscribe } = this.state(id);
    return {
      getSnapshot,
      subscribe: (listener) => {
        this.listened.set(id, (this.listened.get(id) ?? 0) + 1);
        const end = subscribe(listener);
        return () => {
          end();
          this.listened.set(id, (this.listened.get(id) ?? 0) - 1);
        };
      },
    };
  }

  /** The agents that somebody listens to. */
  get inView(): string[] {
    return [...this.listened].flatMap(([id, count]) => (count > 0 ? [id] : []));
  }
}

async function openPage() {
  const crowd = new CrowdedHost();
  const tree = await mount(<AgentsPage host={crowd.host} />);
  const list = tree.container.querySelector<HTMLElement>(".agents");
  if (list === null) throw new Error("there is no list");
  /** There is no layout here: the list is where the test says. */
  const scrollTo = (row: number): Promise<void> => {
    list.getBoundingClientRect = () => new DOMRect(0, -row * ROW_PX, 100, COUNT * ROW_PX);
    return act(async () => void dispatchEvent(new Event("scroll")));
  };
  const places = (): number[] =>
    [...list.children].map((row) => Number(row.getAttribute("aria-posinset"))).sort((one, other) => one - other);
  return { crowd, tree, list, scrollTo, places };
}

describe("the page of agents", () => {
  it("has rows for what is in view and a little around it, of 100,000 agents [CONSOLE-14]", async () => {
    const { list, places, scrollTo, crowd } = await openPage();
    expect([places()[0], places().length < 80]).toEqual([1, true]);
    await scrollTo(50_000);
    const inView = Array.from({ length: Math.ceil(innerHeight / ROW_PX) }, (_, index) => 50_001 + index);
    expect(places()).toEqual(expect.arrayContaining(inView));
    expect(places().length).toBeLessThan(80);
    expect(crowd.inView.sort()).toEqual(places().map((place) => idOf(place - 1)));
    const [before = "", after = ""] = list.style.paddingBlock.split(" ");
    expect(Number.parseInt(before, 10) + places().length * ROW_PX + Number.parseInt(after, 10)).toBe(COUNT * ROW_PX);
    await scrollTo(COUNT);
    expect(places().at(-1)).toBe(COUNT);
  });

  it("listens to no agent any more when it is left [CONSOLE-14]", async () => {
    const { crowd, tree, scrollTo } = await openPage();
    await scrollTo(700);
    await tree.unmount();
    expect([crowd.inView, crowd.list.listeners, crowd.list.followers]).toEqual([[], 0, 0]);
  });

  it("shows in its row what an agent has become [CONSOLE-14]", async () => {
    const { crowd, tree } = await openPage();
    await act(async () => crowd.retitle(idOf(3), "renamed"));
    expect(tree.text).toContain("renamed");
  });
});
