// @vitest-environment happy-dom
import { create } from "@bufbuild/protobuf";
import { Activity, act, type ReactNode, useState } from "react";
import { describe, expect, it } from "vitest";
import { TimelineItemSchema } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import { HostStateSchema } from "../../../gen/moorline/machine/v1/host_pb.ts";
import { Presentation } from "../../../gen/moorline/state/v1/presentation_pb.ts";
import { MoorlineProvider, type ShownTimeline, useAgents, useTimeline } from "../../../src/react/index.ts";
import { NO_ITEMS } from "../../../src/runtime/initial-snapshots.ts";
import { SimulatedClock } from "../../../src/testing/simulated-clock.ts";
import { syncState } from "../machine/machine-data.ts";
import { createAgent, createEntry, createFakeHost } from "./support/fake-host.ts";
import { mount } from "./support/mount.tsx";

const READY = syncState({ case: "ready", value: { generation: 1 } });
const REVALIDATING = syncState({ case: "revalidating", value: { generation: 2 } });

const nameOf = (presentation: Presentation): string =>
  `${Object.entries(Presentation).find(([, value]) => value === presentation)?.[0]} `;

function Agents(): ReactNode {
  return nameOf(useAgents().presentation);
}

function Timeline(): ReactNode {
  return nameOf(useTimeline("a").presentation);
}

async function show(node: ReactNode) {
  const clock = new SimulatedClock();
  const fake = createFakeHost();
  const tree = (mode: "visible" | "hidden"): ReactNode => (
    <MoorlineProvider host={fake.host} clock={clock}>
      <Activity mode={mode}>{node}</Activity>
    </MoorlineProvider>
  );
  const view = await mount(tree("visible"));
  return { clock, fake, view, set: (mode: "visible" | "hidden") => view.render(tree(mode)) };
}

describe("the presentation of a view", () => {
  it("is an overlay and no toast at the first open, then nothing [REACT-11]", async () => {
    const { clock, fake, view } = await show(<Agents />);
    expect(view.text).toBe("OVERLAY ");
    await act(async () => fake.sync.set(syncState({ case: "initialLoading", value: { generation: 1 } })));
    await act(async () => clock.advance(10_000));
    expect(view.text).toBe("OVERLAY ");
    await act(async () => fake.sync.set(READY));
    expect(view.text).toBe("NONE ");
  });

  it("is a toast and no overlay where a refresh takes long, for each view by its own mirror [REACT-11]", async () => {
    const { clock, fake, view } = await show([<Agents key="agents" />, <Timeline key="timeline" />]);
    await act(async () => {
      fake.timeline("a").sync.set(READY);
      fake.sync.set(REVALIDATING);
    });
    expect(view.text).toBe("NONE NONE ");
    await act(async () => clock.advance(500));
    expect(view.text).toBe("TOAST NONE ");
    await act(async () => fake.sync.set(READY));
    expect(view.text).toBe("NONE NONE ");
  });

  it("is a badge where the connection is lost and there is data [REACT-11]", async () => {
    const { fake, view } = await show(<Agents />);
    await act(async () => fake.sync.set(READY));
    const host = create(HostStateSchema, { state: { case: "degraded", value: {} } });
    await act(async () => fake.snapshot.set({ ...fake.snapshot.getSnapshot(), host }));
    expect(view.text).toBe("RECONNECTING_BADGE ");
  });

  it("says that a timeline is of an agent that does not exist [REACT-11]", async () => {
    const { fake, view } = await show(<Timeline />);
    await act(async () => fake.timeline("a").sync.set(syncState({ case: "gone", value: {} })));
    expect(view.text).toBe("NOT_FOUND ");
  });

  it("is nothing where the agent is being created, until the directory has it [REACT-9, REACT-11]", async () => {
    const { fake, view } = await show(<Timeline />);
    await act(async () => fake.creations.set([createEntry("a")]));
    expect(view.text).toBe("NONE ");
    await act(async () => {
      fake.creations.set([]);
      fake.put(createAgent({ id: "a" }));
    });
    expect(view.text).toBe("OVERLAY ");
  });

  it("waits only while the view is shown, and goes on with the same refresh when it is shown again [REACT-11]", async () => {
    const { clock, fake, view, set } = await show(<Agents />);
    await act(async () => fake.sync.set(READY));
    expect(clock.pending).toBe(0);
    await act(async () => fake.sync.set(REVALIDATING));
    expect([clock.pending, fake.sync.listeners]).toEqual([1, 2]);
    await set("hidden");
    expect([clock.pending, fake.sync.listeners, fake.snapshot.listeners]).toEqual([0, 0, 0]);
    clock.advance(200);
    await set("visible");
    expect([clock.pending, view.text]).toEqual([1, "NONE "]);
    await act(async () => clock.advance(300));
    expect(view.text).toBe("TOAST ");
    await act(async () => fake.sync.set(REVALIDATING));
    await view.unmount();
    expect([clock.pending, fake.sync.listeners, fake.snapshot.listeners]).toEqual([0, 0, 0]);
  });
});

const item = (seq: number) => create(TimelineItemSchema, { seq: BigInt(seq) });

describe("useTimeline", () => {
  it("shows the items and what is earlier, and renders for its own timeline only [REACT-10]", async () => {
    const fake = createFakeHost();
    const seen: ShownTimeline[] = [];
    const Timeline = (): ReactNode => {
      const shown = useTimeline("a");
      seen.push(shown);
      return `${shown.items.map(({ seq }) => seq).join()} ${shown.hasEarlier} ${shown.earlier}`;
    };
    const view = await mount(
      <MoorlineProvider host={fake.host}>
        <Timeline />
      </MoorlineProvider>,
    );
    expect(view.text).toBe(" false idle");
    await act(async () => {
      fake.timeline("b").items.set({ ...NO_ITEMS, items: [item(9)] });
      fake.timeline("a").items.set({ items: [item(4), item(5)], hasEarlier: true, earlier: "loading" });
    });
    expect([view.text, seen.length]).toEqual(["4,5 true loading", 2]);
    expect(seen[1]?.loadEarlier).toBe(seen[0]?.loadEarlier);
    await seen[1]?.loadEarlier();
    expect(fake.asked).toEqual(["loadEarlier a"]);
  });

  it("listens to the timeline that is shown, and to no other [REACT-3, REACT-10]", async () => {
    const fake = createFakeHost();
    let choose: (id: string | undefined) => void = () => {};
    const Timeline = ({ id }: { readonly id: string }): ReactNode => useTimeline(id).items.length;
    const Chosen = (): ReactNode => {
      const [id, setId] = useState<string | undefined>("a");
      choose = setId;
      return id && <Timeline id={id} />;
    };
    await mount(
      <MoorlineProvider host={fake.host}>
        <Chosen />
      </MoorlineProvider>,
    );
    const listeners = (): number[] => ["a", "b"].map((id) => fake.timeline(id).items.listeners);
    expect(listeners()).toEqual([1, 0]);
    await act(async () => choose("b"));
    expect(listeners()).toEqual([0, 1]);
    await act(async () => choose(undefined));
    expect(listeners()).toEqual([0, 0]);
  });
});
