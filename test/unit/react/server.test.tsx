// @vitest-environment happy-dom
import { create } from "@bufbuild/protobuf";
import { type ReactNode, StrictMode } from "react";
import { renderToString } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { HostStateSchema } from "../../../gen/moorline/machine/v1/host_pb.ts";
import {
  MoorlineProvider,
  useAgent,
  useAgentCount,
  useAgentIds,
  useAgents,
  useConnection,
  useCreations,
  useFleet,
  useTimeline,
} from "../../../src/react/index.ts";
import { syncState } from "../machine/machine-data.ts";
import { createFakeFleet } from "./support/fake-fleet.ts";
import { createAgent, createEntry, createFakeHost, type FakeHost } from "./support/fake-host.ts";
import { hydrate } from "./support/mount.tsx";

function Page(): ReactNode {
  const { agents, sync } = useAgents({});
  const phase = useConnection(({ host }) => host.state.case);
  const { items, earlier } = useTimeline("1");
  const counts = [agents, useAgentIds(), useCreations(), items].map(({ length }) => length).concat(useAgentCount());
  return <p title={sync.state.case}>{[phase, ...counts, useAgent("1")?.title, earlier].join()}</p>;
}

function Hosts(): ReactNode {
  return useFleet(({ hosts }) => hosts.map(({ label }) => label)).join();
}

/** A host that has everything already. */
function createReadyHost(): FakeHost {
  const fake = createFakeHost("A", [createAgent({ id: "1" })]);
  fake.sync.set(syncState({ case: "ready", value: {} }));
  const host = create(HostStateSchema, { state: { case: "online", value: {} } });
  fake.snapshot.set({ ...fake.snapshot.getSnapshot(), host, sessionRef: "0123456789abcdef" });
  fake.creations.set([createEntry("k")]);
  return fake;
}

const page = ({ host }: FakeHost): ReactNode => (
  <StrictMode>
    <MoorlineProvider host={host}>
      <Page />
    </MoorlineProvider>
  </StrictMode>
);

describe("a page from a server", () => {
  it("shows what there is before anything has happened, and hydrates into what there is now [REACT-4]", async () => {
    const html = renderToString(page(createFakeHost()));
    expect(html).toBe('<p title="idle">booting,0,0,0,0,0,,idle</p>');
    // The browser has restored its mirrors and connected before React takes over.
    const view = await hydrate(html, page(createReadyHost()));
    expect(view.errors).toEqual([]);
    expect(view.container.innerHTML).toBe('<p title="ready">online,2,2,1,0,2,Agent 1,idle</p>');
  });

  it("is the same whatever the server's own host has [REACT-4]", () => {
    expect(renderToString(page(createReadyHost()))).toBe(renderToString(page(createFakeHost())));
  });

  it("knows no host of a fleet yet, and hydrates into those that there are [REACT-4]", async () => {
    const { fleet } = createFakeFleet(createFakeHost("A"));
    const tree = (
      <MoorlineProvider fleet={fleet}>
        [<Hosts />]
      </MoorlineProvider>
    );
    const html = renderToString(tree);
    const view = await hydrate(html, tree);
    expect([html.replaceAll("<!-- -->", ""), view.text, view.errors]).toEqual(["[]", "[Host A]", []]);
  });

  it("listens to nothing and asks for nothing on the server [REACT-3, REACT-4]", () => {
    const fake = createReadyHost();
    renderToString(page(fake));
    const stores = [fake.snapshot, fake.sync, fake.agents, fake.creations, fake.timeline("1").items];
    expect(stores.map(({ subscriptions }) => subscriptions)).toEqual(stores.map(() => 0));
    expect(fake.asked).toEqual([]);
  });
});
