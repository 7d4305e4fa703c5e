// @vitest-environment happy-dom
import { create } from "@bufbuild/protobuf";
import { act, type ReactNode } from "react";
import { describe, expect, it } from "vitest";
import { HostStateSchema } from "../../../gen/moorline/machine/v1/host_pb.ts";
import {
  MoorlineProvider,
  useAgent,
  useAgents,
  useConnection,
  useFleet,
  useFleetAgentCount,
  useFleetAgentIds,
  useFleetAgents,
  useHost,
} from "../../../src/react/index.ts";
import type { HostSnapshot } from "../../../src/runtime/host-runtime.ts";
import { MoorlineError } from "../../../src/wire/moorline-error.ts";
import { createFakeFleet } from "./support/fake-fleet.ts";
import { createAgent, createFakeHost, fakeServerId } from "./support/fake-host.ts";
import { mount } from "./support/mount.tsx";
import { Boundary } from "./support/show.tsx";

const caseOf = ({ host }: HostSnapshot): string => host.state.case ?? "none";

function Shown({ serverId }: { serverId?: string }): ReactNode {
  return `${useHost(serverId).serverId.charAt(0)} ${useConnection(caseOf, serverId)}.`;
}

function Labels(): ReactNode {
  return useFleet(({ hosts }) => hosts.map(({ label }) => label)).join();
}

async function throwing(node: ReactNode): Promise<MoorlineError> {
  return mount(node).then(
    () => expect.unreachable(),
    (thrown) => thrown,
  );
}

describe("useHost", () => {
  it("gives the host of the nearest provider, and that of another server id from the fleet above [REACT-5]", async () => {
    const [a, b, c] = [createFakeHost("A"), createFakeHost("B"), createFakeHost("C")];
    const fleet = createFakeFleet(a, b);
    const view = await mount(
      <MoorlineProvider fleet={fleet.fleet}>
        <MoorlineProvider host={c.host}>
          <MoorlineProvider>
            <Shown />
          </MoorlineProvider>
          <Shown serverId={b.host.serverId} />
          <Shown serverId={c.host.serverId} />
        </MoorlineProvider>
      </MoorlineProvider>,
    );
    expect(view.text).toBe("C booting.B booting.C booting.");
  });

  it("gives the only host of a fleet [REACT-5]", async () => {
    const { fleet } = createFakeFleet(createFakeHost("A"));
    const view = await mount(
      <MoorlineProvider fleet={fleet}>
        <Shown />
      </MoorlineProvider>,
    );
    expect(view.text).toBe("A booting.");
  });

  it("shows another host as soon as the provider has it, and listens to the one before no longer [REACT-5]", async () => {
    const [a, b] = [createFakeHost("A"), createFakeHost("B")];
    const tree = ({ host }: typeof a): ReactNode => (
      <MoorlineProvider host={host}>
        <Shown />
      </MoorlineProvider>
    );
    const view = await mount(tree(a));
    await view.render(tree(b));
    expect([view.text, a.snapshot.listeners, b.snapshot.listeners]).toEqual(["B booting.", 0, 1]);
  });

  it("throws PROVIDER_MISSING without a provider, and says what to do [REACT-6]", async () => {
    const error = await throwing(<Shown />);
    expect(error).toBeInstanceOf(MoorlineError);
    expect([error.code, error.action]).toEqual([
      "PROVIDER_MISSING",
      "Put a MoorlineProvider with a `host` or a `fleet` around the components that use it.",
    ]);
  });

  it.each([
    ["a provider with nothing", <MoorlineProvider key="1" />, undefined],
    ["an empty fleet", <MoorlineProvider key="2" fleet={createFakeFleet().fleet} />, undefined],
    ["another server id", <MoorlineProvider key="3" host={createFakeHost("A").host} />, fakeServerId("B")],
    [
      "several hosts and no server id",
      <MoorlineProvider key="4" fleet={createFakeFleet(createFakeHost("A"), createFakeHost("B")).fleet} />,
      undefined,
    ],
  ])("throws HOST_UNKNOWN for %s [REACT-6]", async (_, { props }, serverId) => {
    const error = await throwing(
      <MoorlineProvider {...props}>
        <Shown {...(serverId && { serverId })} />
      </MoorlineProvider>,
    );
    expect(error).toBeInstanceOf(MoorlineError);
    expect(error.code).toBe("HOST_UNKNOWN");
  });

  it("tells only those that a host is forgotten who still name it [REACT-6]", async () => {
    const [a, b] = [createFakeHost("A"), createFakeHost("B")];
    const fleet = createFakeFleet(a, b);
    const Each = (): ReactNode =>
      useFleet(({ hosts }) => hosts.map(({ serverId }) => serverId)).map((serverId) => (
        <Boundary key={serverId}>
          <Shown serverId={serverId} />
        </Boundary>
      ));
    const view = await mount(
      <MoorlineProvider fleet={fleet.fleet}>
        <Each />
        <Boundary>
          <Shown serverId={b.host.serverId} />
        </Boundary>
      </MoorlineProvider>,
    );
    expect(view.text).toBe("A booting.B booting.B booting.");
    await act(async () => fleet.set(a));
    expect([view.text, view.errors]).toEqual(["A booting.HOST_UNKNOWN", []]);
    expect(b.snapshot.listeners).toBe(0);
  });
});

describe("useConnection", () => {
  it("renders when what it selects has changed, and only then [REACT-1]", async () => {
    const { host, snapshot } = createFakeHost();
    let renders = 0;
    const Phase = (): ReactNode => {
      renders += 1;
      return useConnection((present) => ({ phase: caseOf(present) })).phase;
    };
    const view = await mount(
      <MoorlineProvider host={host}>
        <Phase />
      </MoorlineProvider>,
    );
    await act(async () => snapshot.set({ ...snapshot.getSnapshot(), sessionRef: "0123456789abcdef" }));
    expect(renders).toBe(1);
    const stopped = create(HostStateSchema, { state: { case: "stopped", value: {} } });
    await act(async () => snapshot.set({ ...snapshot.getSnapshot(), host: stopped }));
    expect([view.text, renders]).toEqual(["stopped", 2]);
  });

  it("gives the whole snapshot where nothing is selected [REACT-1]", async () => {
    const { host, snapshot } = createFakeHost();
    const seen: HostSnapshot[] = [];
    const Whole = (): null => {
      seen.push(useConnection());
      return null;
    };
    await mount(
      <MoorlineProvider host={host}>
        <Whole />
      </MoorlineProvider>,
    );
    expect(seen.at(-1)).toBe(snapshot.getSnapshot());
  });
});

describe("useFleet", () => {
  it("renders when what it selects has changed, and only then [REACT-1]", async () => {
    const fleet = createFakeFleet(createFakeHost("A"));
    const view = await mount(
      <MoorlineProvider fleet={fleet.fleet}>
        <Labels />
      </MoorlineProvider>,
    );
    await act(async () => fleet.set(createFakeHost("A"), createFakeHost("B")));
    expect(view.text).toBe("Host A,Host B");
  });

  it("throws PROVIDER_MISSING below a provider that has only a host [REACT-6]", async () => {
    const error = await throwing(
      <MoorlineProvider host={createFakeHost().host}>
        <Labels />
      </MoorlineProvider>,
    );
    expect(error.code).toBe("PROVIDER_MISSING");
  });
});

describe("useFleetAgents", () => {
  it("gives the agents of all hosts that match, in the order of the fleet [REACT-8]", async () => {
    const { fleet, agents } = createFakeFleet();
    const seen: unknown[] = [];
    const All = (): ReactNode => {
      const rows = useFleetAgents({ providerIds: ["command"] });
      seen.push(rows);
      return rows.map(({ serverId, agent }) => `${serverId}${agent.id} `).join("");
    };
    const view = await mount(
      <MoorlineProvider fleet={fleet}>
        <All />
      </MoorlineProvider>,
    );
    const rows = [
      { serverId: "B", agent: createAgent({ id: "1" }) },
      { serverId: "A", agent: createAgent({ id: "1" }) },
    ];
    await act(async () => agents.set(rows));
    expect(view.text).toBe("B1 A1 ");
    await act(async () => agents.set([...rows, { serverId: "A", agent: createAgent({ id: "2", providerId: "o" }) }]));
    expect(seen).toHaveLength(2);
  });
});

describe("useFleetAgentIds and useFleetAgentCount", () => {
  it("render where rows come, go or change places, and the count where there are more or fewer [REACT-7]", async () => {
    const { fleet, agents } = createFakeFleet();
    const renders: string[] = [];
    const took = (): string[] => renders.splice(0);
    const Ids = (): ReactNode => {
      const ids = useFleetAgentIds({ providerIds: ["command"] });
      renders.push(ids.map(({ serverId, id }) => `${serverId}${id}`).join(" "));
      return null;
    };
    const First = (): ReactNode => {
      const [first] = useFleetAgentIds({}, { range: { start: 0, end: 1 } });
      renders.push(`first ${first?.serverId}`);
      return null;
    };
    const Count = (): ReactNode => {
      renders.push(`${useFleetAgentCount()}`);
      return null;
    };
    await mount(
      <MoorlineProvider fleet={fleet}>
        <Ids />
        <First />
        <Count />
      </MoorlineProvider>,
    );
    const row = (serverId: string, id: string, providerId = "command") => ({
      serverId,
      agent: createAgent({ id, providerId }),
    });
    expect(took()).toEqual(["", "first undefined", "0"]);
    await act(async () => agents.set([row("A", "1"), row("B", "1")]));
    expect(took()).toEqual(["A1 B1", "first A", "2"]);
    await act(async () => agents.set([row("A", "1"), row("B", "1")]));
    expect(took()).toEqual([]);
    await act(async () => agents.set([row("B", "1"), row("A", "1")]));
    expect(took()).toEqual(["B1 A1", "first B"]);
    await act(async () => agents.set([row("B", "1"), row("A", "1"), row("A", "2", "other")]));
    expect(took()).toEqual(["3"]);
  });

  it("need a fleet [REACT-6]", async () => {
    for (const hook of [useFleetAgentIds, useFleetAgentCount]) {
      const Asking = (): ReactNode => {
        hook();
        return null;
      };
      const error = await throwing(
        <MoorlineProvider host={createFakeHost().host}>
          <Asking />
        </MoorlineProvider>,
      );
      expect([error.code, error.text]).toEqual(["PROVIDER_MISSING", expect.stringContaining(hook.name)]);
    }
  });
});

describe("a page of many hooks", () => {
  it("shows the parts of one change in one commit [REACT-2]", async () => {
    const fake = createFakeHost("A", [createAgent({ id: "0", title: "t0" })]);
    const commits: string[] = [];
    const Page = (): ReactNode => {
      const { agents } = useAgents();
      const first = useAgent("0");
      const ref = useConnection(({ sessionRef }) => sessionRef);
      return <p ref={(p) => void commits.push(p?.textContent ?? "")}>{[agents[0]?.title, first?.title, ref].join()}</p>;
    };
    await mount(
      <MoorlineProvider host={fake.host}>
        <Page />
      </MoorlineProvider>,
    );
    await act(async () => {
      fake.put(createAgent({ id: "0", title: "x" }));
      fake.snapshot.set({ ...fake.snapshot.getSnapshot(), sessionRef: "r" });
    });
    expect(commits.filter((text) => text !== "")).toEqual(["t0,t0,", "x,x,r"]);
  });
});
