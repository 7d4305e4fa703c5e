// @vitest-environment happy-dom
import { create } from "@bufbuild/protobuf";
import { act, type ReactNode, useState } from "react";
import { describe, expect, it } from "vitest";
import { TimelineItemSchema } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import { MoorlineProvider, type ShownTimeline, useTimeline } from "../../../src/react/index.ts";
import { NO_ITEMS } from "../../../src/runtime/initial-snapshots.ts";
import { createFakeHost } from "./support/fake-host.ts";
import { mount } from "./support/mount.tsx";

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
