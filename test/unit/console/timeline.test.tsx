// @vitest-environment happy-dom
import { create } from "@bufbuild/protobuf";
import { act } from "react";
import { describe, expect, it } from "vitest";
import { type TimelineItem, TimelineItemSchema } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import { Timeline } from "../../../src/console/components/timeline.tsx";
import type { TimelineView } from "../../../src/console/model/console-model.ts";
import { mount } from "../react/support/mount.tsx";

function itemsOf(count: number): TimelineItem[] {
  return Array.from({ length: count }, (_, index) =>
    create(TimelineItemSchema, {
      seq: BigInt(index + 1),
      content: { case: "assistantMessage", value: { text: `item ${index + 1}.` } },
    }),
  );
}

async function show(view: Partial<TimelineView>) {
  const asked: string[] = [];
  const whole = { presentation: "none", sync: "ready", items: [], hasEarlier: true, earlier: "idle", ...view } as const;
  const tree = await mount(
    <Timeline view={whole} onRetry={() => asked.push("again")} onEarlier={() => asked.push("earlier")} />,
  );
  return { tree, asked, button: () => tree.container.querySelector("button") };
}

describe("Timeline", () => {
  it("asks for what was before, and says that it is on its way [CONSOLE-13]", async () => {
    const { button, asked } = await show({ items: itemsOf(3) });
    await act(async () => button()?.click());
    expect([asked, button()?.disabled]).toEqual([["earlier"], false]);
    const loading = await show({ items: itemsOf(3), earlier: "loading" });
    expect([loading.button()?.textContent, loading.button()?.disabled]).toEqual(["Loading what was before…", true]);
  });

  it("says why what was before could not be had, and can be asked again [CONSOLE-13]", async () => {
    const problem = { code: "TIMELINE_WINDOW_FULL", text: "It is full.", action: "Read it by another way." };
    const { tree, button } = await show({ items: itemsOf(3), earlier: { problem } });
    expect(tree.container.querySelector("[role=alert]")?.textContent).toContain("TIMELINE_WINDOW_FULL It is full.");
    expect(button()?.disabled).toBe(false);
  });

  it("shows 2,000 items and a few, and more of those that are there before it asks for others [CONSOLE-12]", async () => {
    const { tree, button, asked } = await show({ items: itemsOf(2_500), hasEarlier: false });
    expect([tree.text.includes("item 496."), tree.text.includes("item 495.")]).toEqual([true, false]);
    await act(async () => button()?.click());
    expect([tree.text.includes("item 1."), asked, button()]).toEqual([true, [], null]);
  });
});
