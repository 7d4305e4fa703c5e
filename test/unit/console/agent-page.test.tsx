// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import { createFixtureModel } from "../../../src/console/fixture/fixture-model.ts";
import type { TimelineView } from "../../../src/console/model/console-model.ts";
import { createState } from "../../../src/console/model/source.ts";
import { AgentPage } from "../../../src/console/pages/agent-page.tsx";
import { mount } from "../react/support/mount.tsx";

const RUNNING = "q0aAM0vQm0S5V7yL2p0c3A";

/** The page of an agent that was at work when it was heard of last. */
async function show(presentation: TimelineView["presentation"]) {
  const [host] = createFixtureModel(0).hosts.getSnapshot();
  if (host === undefined) throw new Error("there is no host");
  const view = { presentation, sync: "ready", items: [], hasEarlier: false, earlier: "idle" } as const;
  const tree = await mount(<AgentPage host={{ ...host, timeline: () => createState(view) }} agentId={RUNNING} />);
  return tree.container;
}

describe("AgentPage", () => {
  it.each([
    ["none", 1],
    ["reconnecting_badge", 0],
    ["error_badge", 0],
  ] as const)(
    "shows that an agent is at work only where that is known: %s [CONSOLE-13]",
    async (presentation, bars) => {
      expect((await show(presentation)).querySelectorAll("progress")).toHaveLength(bars);
    },
  );
});
