import { describe, expect, it } from "vitest";
import { FleetStatus, HostStatus } from "../../../../gen/moorline/state/v1/fleet_pb.ts";
import { SetAsideReason } from "../../../../gen/moorline/state/v1/reason_pb.ts";
import { createHostFleet } from "../../../../src/runtime/fleet/create-host-fleet.ts";
import { createHostProfile } from "../../../../src/runtime/host/profile.ts";
import { createMemoryHostRegistry } from "../../../../src/runtime/registry/memory-host-registry.ts";
import { SimulatedClock } from "../../../../src/testing/simulated-clock.ts";
import { SimulatedNetwork } from "../../../../src/testing/simulated-network.ts";
import { SimulatedRandom } from "../../../../src/testing/simulated-random.ts";
import { serverIdOf } from "../../../../src/wire/server-id.ts";
import { SESSION_KEY } from "../../client/support/stage.ts";
import { stageDaemon } from "../../server/support/daemon.ts";

const [ALPHA, BETA, NOBODY] = ["wss://alpha.example/", "wss://beta.example/", "wss://nobody.example/"] as const;
const keyOf = (name: string): Uint8Array => new Uint8Array(32).fill(name.charCodeAt(0));
const idOf = (name: string): string => serverIdOf(keyOf(name));
const profileAt = (name: string, ...endpoints: readonly string[]) =>
  createHostProfile({ serverId: idOf(name), label: name, candidates: endpoints.map((direct) => ({ direct })) });

/** A fleet of real runtimes, in simulated time, and two daemons that it may reach. */
function stage() {
  const clock = new SimulatedClock();
  const random = new SimulatedRandom(3);
  const network = new SimulatedNetwork({ clock, random, latencyMs: 10, jitterMs: 0 });
  for (const [name, endpoint] of [
    ["alpha", ALPHA],
    ["beta", BETA],
  ] as const) {
    const { server } = stageDaemon({ simulated: clock, identity: { publicKey: keyOf(name), name, version: "1" } });
    network.host(name).listen(endpoint, (connection) => server.accept(connection));
  }
  const { transport } = network.host("client");
  const errors: unknown[] = [];
  const fleet = createHostFleet({
    registry: createMemoryHostRegistry(),
    createOptions: () => ({
      sessionKey: SESSION_KEY,
      client: { name: "test", version: "1" },
      ...{ transport, clock, random },
    }),
    onError: (error) => errors.push(error),
  });
  const settle = async <T>(work: Promise<T>): Promise<T> => {
    work.catch(() => undefined);
    await clock.settle();
    return work;
  };
  return { clock, fleet, errors, settle };
}

describe("createHostFleet: with runtimes", () => {
  it("has hosts online, each by itself, and says so [FLEET-2] [FLEET-6]", async () => {
    const { clock, fleet, errors, settle } = stage();
    await settle(fleet.start());
    await settle(fleet.add(profileAt("alpha", ALPHA)));
    await settle(fleet.add(profileAt("gamma", NOBODY)));
    await clock.advanceAsync(2_000);
    expect(fleet.getSnapshot().status).toBe(FleetStatus.PARTLY_ONLINE);
    await settle(fleet.add(profileAt("beta", BETA)));
    await settle(fleet.forget(idOf("gamma")));
    await clock.advanceAsync(2_000);
    const { status, hosts } = fleet.getSnapshot();
    expect([status, hosts.map(({ label }) => label)]).toEqual([FleetStatus.ONLINE, ["alpha", "beta"]]);
    fleet.stop();
    await clock.settle();
    expect(fleet.getSnapshot().hosts.map((host) => host.status)).toEqual([HostStatus.STOPPED, HostStatus.STOPPED]);
    expect(errors).toEqual([]);
  });

  it("shows a candidate at which another daemon answers, and goes on with the others [FLEET-5]", async () => {
    const { clock, fleet, settle } = stage();
    await settle(fleet.start());
    await settle(fleet.add(profileAt("alpha", BETA)));
    await clock.advanceAsync(2_000);
    const wrong = { serverId: idOf("alpha"), candidateId: `direct ${BETA}`, reason: SetAsideReason.WRONG_SERVER };
    expect(fleet.getSnapshot().setAside).toEqual([wrong]);
    await settle(fleet.add(profileAt("alpha", ALPHA)));
    await clock.advanceAsync(2_000);
    expect(fleet.getSnapshot().status).toBe(FleetStatus.ONLINE);
    fleet.stop();
  });

  it("settles everything of a host that is forgotten while it connects [FLEET-4]", async () => {
    const { clock, fleet, errors, settle } = stage();
    await settle(fleet.start());
    const runtime = await settle(fleet.add(profileAt("gamma", NOBODY)));
    const ends: unknown[] = [];
    const note = (end: unknown): void => void ends.push(end);
    void runtime.ensureOnline().then(note, note);
    void runtime.createAgent({ providerId: "p" }).then(note, note);
    await clock.advanceAsync(100);
    expect([ends, runtime.agents.agents.getSnapshot().length]).toEqual([[], 1]);
    await settle(fleet.forget(idOf("gamma")));
    await clock.settle();
    expect(ends).toEqual([
      expect.objectContaining({ code: "DISPOSED" }),
      expect.objectContaining({ code: "DISPOSED" }),
    ]);
    expect([fleet.getSnapshot().hosts, runtime.agents.agents.getSnapshot(), errors]).toEqual([[], [], []]);
    runtime.retry();
    runtime.refresh();
    await clock.advanceAsync(120_000);
    expect(clock.pending).toBe(0);
  });
});
