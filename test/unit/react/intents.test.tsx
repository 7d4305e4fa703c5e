// @vitest-environment happy-dom
import { Activity, type ReactNode, StrictMode } from "react";
import { describe, expect, it } from "vitest";
import { createSessionKey } from "../../../src/client/session-key.ts";
import {
  MoorlineProvider,
  useAgent,
  useAgentCount,
  useAgentIds,
  useAgents,
  useConnection,
  useCreations,
  useDirectory,
  useFleet,
  useFleetAgentCount,
  useFleetAgentIds,
  useFleetAgents,
  useHost,
  useIntent,
  useTimeline,
} from "../../../src/react/index.ts";
import type { HostIntents } from "../../../src/runtime/host-intents.ts";
import { createHostProfile, createHostRuntime } from "../../../src/runtime/index.ts";
import { createFakeFleet } from "./support/fake-fleet.ts";
import { createAgent, createFakeHost, type FakeHost, fakeServerId } from "./support/fake-host.ts";
import { mount } from "./support/mount.tsx";

/** Every hook at once. */
function Everything({ id }: { readonly id: string }): ReactNode {
  useHost();
  useFleet();
  useFleetAgents();
  useFleetAgentIds();
  useFleetAgentCount();
  useDirectory();
  useConnection();
  useCreations();
  useIntent();
  return [
    useAgents({}, { order: { by: "title" } }).agents.length,
    useAgentIds().length,
    useAgentCount(),
    useAgent(id)?.title,
    `${useTimeline(id).earlier}`,
  ];
}

async function takeIntents({ host }: FakeHost): Promise<{ readonly own: HostIntents; readonly all: HostIntents[] }> {
  const all: HostIntents[] = [];
  const Taker = (): null => {
    all.push(useIntent());
    return null;
  };
  const tree = (key: string): ReactNode => (
    <MoorlineProvider host={host}>
      <Taker />
      <Taker key={key} />
    </MoorlineProvider>
  );
  const view = await mount(tree("1"));
  await view.render(tree("2"));
  const [own] = all;
  if (own === undefined) throw new Error("nothing was rendered");
  return { own, all };
}

describe("views", () => {
  it("give no intent when they are mounted, hidden, shown, mounted again and unmounted [REACT-12, INV-11]", async () => {
    const fake = createFakeHost("A", [createAgent({ id: "1" })]);
    const { fleet, asked } = createFakeFleet(fake);
    const tree = (mode: "visible" | "hidden", id = "1"): ReactNode => (
      <StrictMode>
        <MoorlineProvider fleet={fleet}>
          <Activity mode={mode}>
            <Everything id={id} />
          </Activity>
        </MoorlineProvider>
      </StrictMode>
    );
    const view = await mount(tree("visible"));
    expect(view.text).toBe("111Agent 1idle");
    for (const mode of ["hidden", "visible"] as const) await view.render(tree(mode));
    await view.render(tree("visible", "2"));
    await view.render(null);
    await view.render(tree("visible"));
    await view.unmount();
    expect([fake.asked, asked]).toEqual([[], []]);
    const stores = [fake.snapshot, fake.sync, fake.agents, fake.creations, fake.timeline("1").items];
    expect(stores.map(({ listeners }) => listeners)).toEqual(stores.map(() => 0));
    expect(fake.agentListeners).toBe(0);
  });
});

describe("views of a real host", () => {
  it("wake none of its machines: it stays as it was made [REACT-12, INV-11]", async () => {
    const heard: string[] = [];
    const profile = createHostProfile({ serverId: fakeServerId(), candidates: [{ direct: "ws://127.0.0.1:1/" }] });
    const host = createHostRuntime({
      profile,
      sessionKey: createSessionKey(),
      client: { name: "test", version: "1.0.0" },
      transport: { name: "none", dial: () => expect.unreachable() },
      onTransition: ({ machine, event }) => heard.push(`${machine} ${event}`),
    });
    const before = host.snapshot;
    const tree = (mode: "visible" | "hidden"): ReactNode => (
      <StrictMode>
        <MoorlineProvider host={host} fleet={createFakeFleet().fleet}>
          <Activity mode={mode}>
            <Everything id="1" />
          </Activity>
        </MoorlineProvider>
      </StrictMode>
    );
    const view = await mount(tree("visible"));
    for (const mode of ["hidden", "visible"] as const) await view.render(tree(mode));
    await view.unmount();
    expect([heard, host.snapshot === before]).toEqual([[], true]);
    host.stop();
  });
});

describe("useIntent", () => {
  it("gives the same object in every component and every render [REACT-13]", async () => {
    const { own, all } = await takeIntents(createFakeHost());
    expect(all).toHaveLength(4);
    expect(new Set(all)).toEqual(new Set([own]));
  });

  it("hands what is asked for to the host [REACT-13]", async () => {
    const fake = createFakeHost();
    const { own } = await takeIntents(fake);
    const { start, stop, retry, refresh, chooseCandidate, createAgent: createOne, dismissCreation } = own;
    for (const intent of [start, stop, retry, refresh]) intent();
    chooseCandidate("lan");
    chooseCandidate(undefined);
    dismissCreation("k");
    await createOne({ providerId: "command", title: "new" });
    expect(fake.asked).toEqual([
      ...["start", "stop", "retry", "refresh", "useCandidate lan", "useCandidate undefined", "dismiss k"],
      "createAgent new",
    ]);
  });

  it("sends prompts and answers under a key of their own, and what is idempotent without [REACT-13]", async () => {
    const fake = createFakeHost();
    const { own } = await takeIntents(fake);
    await own.sendPrompt("a", "go on");
    await own.sendPrompt("a", "go on");
    await own.resolvePermission("a", "p", "allow");
    await own.cancelTurn("a");
    await own.archiveAgent("a");
    await own.clearAttention("a");
    expect(fake.asked).toEqual([
      'sendPrompt {"agentId":"a","text":"go on"}',
      'sendPrompt {"agentId":"a","text":"go on"}',
      'resolvePermission {"agentId":"a","permissionId":"p","optionId":"allow"}',
      'cancelTurn {"agentId":"a"}',
      'archiveAgent {"agentId":"a"}',
      'clearAttention {"agentId":"a"}',
    ]);
    const keyed = fake.keys.slice(0, 3);
    expect(new Set(keyed).size).toBe(3);
    expect(keyed.every((key) => /^[\w-]{22}$/.test(key ?? ""))).toBe(true);
    expect(fake.keys.slice(3)).toEqual([undefined, undefined, undefined]);
  });
});
