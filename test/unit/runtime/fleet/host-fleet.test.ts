import { create } from "@bufbuild/protobuf";
import { describe, expect, it, vi } from "vitest";
import { FleetStatus, HostStatus } from "../../../../gen/moorline/state/v1/fleet_pb.ts";
import { HostCandidateSchema } from "../../../../gen/moorline/state/v1/host_profile_pb.ts";
import { SetAsideReason } from "../../../../gen/moorline/state/v1/reason_pb.ts";
import { createHostFleet } from "../../../../src/runtime/fleet/create-host-fleet.ts";
import type { HostRegistry } from "../../../../src/runtime/registry/host-registry.ts";
import { createMemoryHostRegistry } from "../../../../src/runtime/registry/memory-host-registry.ts";
import { createMemoryMirrorStorage } from "../../../../src/runtime/storage/mirror-storage.ts";
import { profileOf, serverIdOfNumber } from "../../../../src/testing/sample-profiles.ts";
import { MoorlineError } from "../../../../src/wire/moorline-error.ts";
import { wholeSave } from "../../../support/mirror-saves.ts";
import { hostIn } from "../support.ts";
import { FakeRuntime, onlineWith, stageFleet } from "./support.ts";

const [one, two] = [serverIdOfNumber(1), serverIdOfNumber(2)];
const addressOf = (endpoint: string) =>
  create(HostCandidateSchema, { id: `direct ${endpoint}`, kind: { case: "direct", value: { endpoint } } });
/** The host of a number, at the addresses of these ports. */
const profileAt = (number: number, ...ports: number[]) =>
  profileOf(number, { candidates: ports.map((port) => addressOf(`ws://localhost:${port}/`)) });
const endpointsOf = (profile: ReturnType<typeof profileOf> | undefined) =>
  profile?.candidates.map(({ kind }) => (kind.case === "direct" ? kind.value.endpoint : "?"));

/** A registry that rejects with an error once it is told to. */
function failingRegistry(inner: HostRegistry = createMemoryHostRegistry()) {
  const state: { error?: Error } = {};
  const failing = async <T>(work: () => Promise<T>): Promise<T> => {
    if (state.error !== undefined) throw state.error;
    return work();
  };
  const registry: HostRegistry = {
    name: "failing",
    load: () => failing(() => inner.load()),
    update: (change) => failing(() => inner.update(change)),
  };
  return { registry, state, inner };
}
const throwing = (): never => {
  throw new Error("no disk");
};

/** A promise that a test resolves. */
function deferred() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: () => resolve() };
}
const idsOf = (hosts: readonly { readonly serverId: string }[]) => hosts.map(({ serverId }) => serverId);
const full = new MoorlineError("STORAGE_FULL", "No room.");

describe("createHostFleet: start and stop", () => {
  it("starts a runtime for each host of the registry, once, in its order [FLEET-1]", async () => {
    const { fleet, fake } = stageFleet({ profiles: [profileOf(2), profileOf(1)] });
    expect(fleet.getSnapshot()).toMatchObject({ status: FleetStatus.EMPTY, hosts: [] });
    await Promise.all([fleet.start(), fleet.start()]);
    await fleet.start();
    expect(fleet.getSnapshot().hosts.map(({ serverId, label }) => [serverId, label])).toEqual([
      [two, "host 2"],
      [one, "host 1"],
    ]);
    expect([fake(1).asked, fake(2).asked]).toEqual([["start"], ["start"]]);
    expect(fleet.host(one)).toBe(fake(1).runtime);
    expect(fleet.host("nobody")).toBeUndefined();
  });

  it("shows its hosts as the registry has them, whenever they were added [FLEET-1]", async () => {
    const { fleet, kept } = stageFleet({ profiles: [profileOf(2)] });
    await fleet.add(profileOf(1));
    await fleet.start();
    expect(idsOf(fleet.getSnapshot().hosts)).toEqual([two, one]);
    expect(idsOf(await kept())).toEqual([two, one]);
  });

  it("rejects with what the registry says, and may be started again [FLEET-1]", async () => {
    const { registry, state } = failingRegistry(createMemoryHostRegistry([profileOf(1)]));
    const { fleet } = stageFleet({ registry });
    state.error = full;
    await expect(fleet.start()).rejects.toBe(full);
    delete state.error;
    await fleet.start();
    expect(fleet.getSnapshot().hosts).toHaveLength(1);
  });

  it("starts the others where one host cannot be made, or the registry has damage, and says so [FLEET-5]", async () => {
    const inner = createMemoryHostRegistry([profileOf(1), profileOf(2)]);
    const damage = new MoorlineError("REGISTRY_CORRUPT", "The host 3 cannot be read.");
    const load = async () => ({ ...(await inner.load()), faults: [damage] });
    const { fleet } = stageFleet({ registry: { ...inner, load }, broken: [one] });
    await fleet.start();
    expect(fleet.getSnapshot().hosts.map(({ serverId }) => serverId)).toEqual([two]);
    expect(fleet.getSnapshot().faults).toEqual([
      damage,
      expect.objectContaining({ code: "UNEXPECTED", text: "broken" }),
    ]);
  });

  it("makes one host of two profiles of one daemon [FLEET-2]", async () => {
    const { fleet, fake } = stageFleet({ profiles: [profileAt(1, 1), profileAt(1, 2)] });
    await fleet.start();
    expect(fleet.getSnapshot().hosts).toHaveLength(1);
    expect(endpointsOf(fake(1).profiles.at(-1))).toEqual(["ws://localhost:1/", "ws://localhost:2/"]);
  });

  it("stops all hosts for good, and does nothing any more [FLEET-1]", async () => {
    const { fleet, fake, kept } = stageFleet({ profiles: [profileOf(1)] });
    await fleet.start();
    fleet.stop();
    fleet.stop();
    expect(fake(1).asked).toEqual(["start", "stop"]);
    expect(fleet.getSnapshot().hosts[0]?.status).toBe(HostStatus.STOPPED);
    await expect(fleet.start()).rejects.toMatchObject({ code: "DISPOSED" });
    await expect(fleet.add(profileOf(2))).rejects.toMatchObject({ code: "DISPOSED" });
    await expect(fleet.forget(one)).rejects.toMatchObject({ code: "DISPOSED" });
    expect(await kept()).toHaveLength(1);
  });

  it("starts nothing where it is stopped while the registry is read [FLEET-1]", async () => {
    const { fleet, all } = stageFleet({ profiles: [profileOf(1)] });
    const starting = fleet.start();
    fleet.stop();
    await expect(starting).rejects.toMatchObject({ code: "DISPOSED" });
    expect(all).toEqual([]);
  });
});

describe("createHostFleet: a registry of the app's own", () => {
  const name = "the attic";
  it.each<[string, Partial<Record<"load" | "update", () => unknown>>]>([
    [
      "rejects",
      { load: () => Promise.reject(new Error("no disk")), update: () => Promise.reject(new Error("no disk")) },
    ],
    ["throws at once", { load: () => throwing(), update: () => throwing() }],
    ["gives nothing", { load: () => undefined, update: () => undefined }],
    ["gives something else", { load: async () => ({ profiles: 7 }), update: async () => ({}) }],
  ])("is told as a typed error where it %s, and nothing has changed [FLEET-1] [FLEET-3]", async (_, registry) => {
    const fleet = createHostFleet({
      registry: { name, ...registry } as never,
      createOptions: () => ({}) as never,
      createRuntime: (options) => new FakeRuntime(options).runtime,
    });
    const failed = { name: "MoorlineError", code: "STORAGE_FAILED", text: expect.stringContaining(name) };
    await expect(fleet.start()).rejects.toMatchObject(failed);
    await expect(fleet.add(profileOf(1))).rejects.toMatchObject(failed);
    await expect(fleet.forget("x")).rejects.toMatchObject(failed);
    expect(fleet.getSnapshot().hosts).toEqual([]);
  });

  it.each([undefined, "profile", {}, { serverId: "x", candidates: [] }])(
    "is asked for nothing where what is added is no profile: %j [FLEET-3]",
    async (profile) => {
      const never = (): never => expect.unreachable();
      const fleet = createHostFleet({ registry: { name, load: never, update: never }, createOptions: never });
      const error = await fleet.add(profile as never).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: "MoorlineError", code: expect.stringMatching(/OPTION_INVALID|SERVER_ID/) });
    },
  );
});

describe("createHostFleet: add", () => {
  it("starts a new host and keeps it [FLEET-2]", async () => {
    const { fleet, fake, kept } = stageFleet();
    await fleet.start();
    const listener = vi.fn();
    fleet.subscribe(listener);
    const runtime = await fleet.add(profileOf(1));
    expect([runtime, fake(1).asked]).toEqual([fake(1).runtime, ["start"]]);
    expect(fleet.getSnapshot().hosts.map(({ serverId }) => serverId)).toEqual([one]);
    expect(await kept()).toEqual([profileOf(1)]);
    expect(listener).toHaveBeenCalled();
  });

  it("adds the addresses to the host of the same daemon, each once, in its normal form [FLEET-2]", async () => {
    const { fleet, fake, kept, all } = stageFleet({ profiles: [profileAt(1, 1, 2)] });
    await fleet.start();
    const more = profileAt(1, 3);
    more.candidates.push(addressOf("ws://LOCALHOST:2"));
    more.label = "new name";
    await fleet.add(more);
    const endpoints = ["ws://localhost:1/", "ws://localhost:2/", "ws://localhost:3/"];
    expect([all.length, endpointsOf(fake(1).profiles.at(-1)), endpointsOf((await kept())[0])]).toEqual([
      1,
      endpoints,
      endpoints,
    ]);
    expect(fleet.getSnapshot().hosts.map(({ label }) => label)).toEqual(["new name"]);
    await fleet.add(more);
    expect(fake(1).profiles).toHaveLength(2);
  });

  it("keeps candidates of kinds that it does not know, and tells them apart by their ids [FLEET-2] [INV-15]", async () => {
    const unknown = create(HostCandidateSchema, { id: "pigeon 7" });
    const { fleet, kept } = stageFleet({ profiles: [profileOf(1, { candidates: [unknown] })] });
    await fleet.start();
    await fleet.add(profileOf(1, { candidates: [unknown, create(HostCandidateSchema, { id: "pigeon 8" })] }));
    expect((await kept())[0]?.candidates.map(({ id }) => id)).toEqual(["pigeon 7", "pigeon 8"]);
  });

  it("refuses a ninth candidate, a host beyond 64, and what is no server id, and changes nothing [FLEET-3]", async () => {
    const profiles = Array.from({ length: 64 }, (_, i) => profileAt(i, 1, 2, 3, 4, 5, 6, 7, 8));
    const { fleet, fake, all, kept } = stageFleet({ profiles });
    await fleet.start();
    await expect(fleet.add(profileAt(1, 9))).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(fleet.add(profileOf(99))).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(fleet.add(profileOf(1, { serverId: "short" }))).rejects.toMatchObject({ code: "SERVER_ID_MALFORMED" });
    expect([await kept(), fake(1).profiles.length, all.length]).toEqual([profiles, 1, 64]);
  });

  it("changes nothing where the registry fails, or no runtime can be made [FLEET-3]", async () => {
    const { registry, state, inner } = failingRegistry();
    const { fleet, fake } = stageFleet({ registry, broken: [two] });
    await fleet.start();
    await expect(fleet.add(profileOf(2))).rejects.toThrow("broken");
    state.error = full;
    await expect(fleet.add(profileOf(1))).rejects.toBe(full);
    expect([fake(1).asked, fleet.getSnapshot().hosts, (await inner.load()).profiles]).toEqual([["stop"], [], []]);
    delete state.error;
    await fleet.add(profileOf(1));
    expect(fleet.getSnapshot().hosts).toHaveLength(1);
  });

  it("does not start a host before the fleet is started, and then once [FLEET-2]", async () => {
    const { fleet, fake, all } = stageFleet();
    await fleet.add(profileOf(1));
    expect(fake(1).asked).toEqual([]);
    await fleet.start();
    expect([fake(1).asked, all.length]).toEqual([["start"], 1]);
  });

  it("takes over what another tab has kept meanwhile [FLEET-2]", async () => {
    const { fleet, fake, registry, kept } = stageFleet({ profiles: [profileAt(1, 1)] });
    await fleet.start();
    await registry.update(() => [profileAt(1, 1, 5), profileOf(2)]);
    await fleet.add(profileAt(1, 6));
    expect(endpointsOf(fake(1).profiles.at(-1))).toEqual([
      "ws://localhost:1/",
      "ws://localhost:5/",
      "ws://localhost:6/",
    ]);
    expect((await kept()).map(({ serverId }) => serverId)).toEqual([one, two]);
  });
});

describe("createHostFleet: stopped while a host is added", () => {
  it("says that it was added, as it is kept, and leaves it stopped [FLEET-3]", async () => {
    const inner = createMemoryHostRegistry();
    const written = deferred();
    const answered = deferred();
    const registry: HostRegistry = {
      ...inner,
      update: async (change) => {
        const profiles = await inner.update(change);
        written.resolve();
        await answered.promise;
        return profiles;
      },
    };
    const { fleet, fake, kept } = stageFleet({ registry });
    await fleet.start();
    const adding = fleet.add(profileOf(1));
    await written.promise;
    const stopping = fleet.stop();
    answered.resolve();
    expect(await adding).toBe(fake(1).runtime);
    await stopping;
    expect(fake(1).asked).toEqual(["stop"]);
    expect([idsOf(fleet.getSnapshot().hosts), idsOf(await kept())]).toEqual([[one], [one]]);
    await expect(fleet.add(profileOf(2))).rejects.toMatchObject({ code: "DISPOSED" });
  });
});

describe("createHostFleet: forget", () => {
  it("stops the host whatever it does, and takes it out of registry, list and agents [FLEET-4]", async () => {
    const { fleet, fake, kept } = stageFleet({ profiles: [profileOf(1), profileOf(2)] });
    await fleet.start();
    fake(1).become(hostIn("selecting"));
    fleet.agents.subscribe(() => undefined);
    await fleet.forget(one);
    expect(fake(1).asked).toEqual(["start", "stop"]);
    expect([fake(1).source.listeners, fake(1).directory.agents.listeners]).toEqual([0, 0]);
    expect(fleet.getSnapshot().hosts.map(({ serverId }) => serverId)).toEqual([two]);
    expect((await kept()).map(({ serverId }) => serverId)).toEqual([two]);
    await fleet.forget(one);
    await fleet.forget("nobody");
  });

  it("changes nothing where the registry fails [FLEET-4]", async () => {
    const { registry, state } = failingRegistry(createMemoryHostRegistry([profileOf(1)]));
    const { fleet, fake } = stageFleet({ registry });
    await fleet.start();
    state.error = full;
    await expect(fleet.forget(one)).rejects.toBe(full);
    expect([fake(1).asked, fleet.getSnapshot().hosts.length]).toEqual([["start"], 1]);
  });

  it("makes a new runtime for a host that is added again [FLEET-4]", async () => {
    const { fleet, fake, all } = stageFleet({ profiles: [profileOf(1)] });
    await fleet.start();
    const [, , again] = await Promise.all([fleet.add(profileOf(1)), fleet.forget(one), fleet.add(profileOf(1))]);
    expect([all.length, again]).toEqual([2, fake(1).runtime]);
  });

  it("deletes what is kept of its mirrors, what is being saved included, and nothing else [FLEET-4]", async () => {
    const storage = createMemoryMirrorStorage();
    const save = wholeSave("1");
    const [mine, theirs] = [`app/${one}/ref/agents`, `app/${two}/ref/agents`];
    await storage.save(mine, save);
    await storage.save(theirs, save);
    let release: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    const mirrorStorage = {
      ...storage,
      save: (...args: Parameters<typeof storage.save>) => slow.then(() => storage.save(...args)),
    };
    const { fleet, fake } = stageFleet({ profiles: [profileOf(1)], mirrorStorage });
    await fleet.start();
    const given = fake(1).options.mirrorStorage;
    expect([given?.name, (await given?.list())?.length]).toEqual([storage.name, 2]);
    const saving = given?.save(mine, save);
    const forgetting = fleet.forget(one);
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
    release();
    await forgetting;
    expect([await saving, await storage.list()]).toEqual([true, [theirs]]);
    expect(await given?.save(mine, save)).toBe(false);
    expect([await given?.load(theirs), await given?.list(), await given?.delete(theirs)]).toEqual([
      undefined,
      [],
      undefined,
    ]);
    expect(await storage.list()).toEqual([theirs]);
  });

  it("says so where mirrors cannot be deleted; the host is gone all the same [FLEET-4]", async () => {
    const storage = { ...createMemoryMirrorStorage(), list: () => Promise.reject(new Error("broken")) };
    const { fleet } = stageFleet({ profiles: [profileOf(1)], mirrorStorage: storage });
    await fleet.start();
    await expect(fleet.forget(one)).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    expect(fleet.getSnapshot().hosts).toEqual([]);
  });

  it("deletes what could not be deleted when the host is forgotten again [FLEET-4]", async () => {
    const inner = createMemoryMirrorStorage();
    await inner.save(`${one}/ref/agents/`, wholeSave(new Uint8Array()));
    let list = (): Promise<readonly string[]> => Promise.reject(new Error("broken"));
    const { fleet } = stageFleet({ profiles: [profileOf(1)], mirrorStorage: { ...inner, list: () => list() } });
    await fleet.start();
    await expect(fleet.forget(one)).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    list = () => inner.list();
    await fleet.forget(one);
    expect(await inner.list()).toEqual([]);
  });
});

describe("createHostFleet: forget, and what is kept of mirrors", () => {
  const key = `${one}/ref/agents/`;
  /** A storage that has something of a host, and deletes nothing before it is told to, each deletion by itself. */
  async function slowStorage() {
    const inner = createMemoryMirrorStorage();
    await inner.save(key, wholeSave("old"));
    const tolds = [deferred(), deferred()];
    let count = 0;
    const deleteLate = (name: string): Promise<void> =>
      Promise.resolve(tolds[count++]?.promise).then(() => inner.delete(name));
    return { inner, tolds, mirrorStorage: { ...inner, delete: deleteLate } };
  }

  it("keeps what a host has saved that was added again while it was forgotten [FLEET-4]", async () => {
    const { inner, tolds, mirrorStorage } = await slowStorage();
    const { fleet, fake } = stageFleet({ profiles: [profileOf(1)], mirrorStorage });
    await fleet.start();
    const forgetting = fleet.forget(one);
    await fleet.add(profileOf(1));
    const given = fake(1).options.mirrorStorage;
    expect(await given?.load(key)).toBeUndefined();
    const saved = given?.save(key, wholeSave("new"));
    tolds[0]?.resolve();
    await forgetting;
    expect(await saved).toBe(true);
    expect(await inner.load(key)).toMatchObject({ cursor: new TextEncoder().encode("new") });
  });

  it("waits for every deletion of a host that is forgotten and added again and again [FLEET-4]", async () => {
    const { inner, tolds, mirrorStorage } = await slowStorage();
    const { fleet, fake } = stageFleet({ profiles: [profileOf(1)], mirrorStorage });
    await fleet.start();
    const first = fleet.forget(one);
    await fleet.add(profileOf(1));
    const second = fleet.forget(one);
    await fleet.add(profileOf(1));
    const saved = fake(1).options.mirrorStorage?.save(key, wholeSave("new"));
    tolds[1]?.resolve();
    await second;
    tolds[0]?.resolve();
    await Promise.all([first, saved]);
    expect(await inner.load(key)).toMatchObject({ cursor: new TextEncoder().encode("new") });
  });

  it("deletes it of hosts that were not started here too: before the start, or added by another tab [FLEET-4]", async () => {
    const storage = createMemoryMirrorStorage();
    const others = `${two}/ref/agents/`;
    const { fleet, registry, all } = stageFleet({ profiles: [profileOf(1)], mirrorStorage: storage });
    await storage.save(key, wholeSave("1"));
    await storage.save(others, wholeSave("1"));
    await fleet.forget(one);
    expect(await storage.list()).toEqual([others]);
    await fleet.start();
    await registry.update(() => [profileOf(2)]);
    await fleet.forget(two);
    expect([await storage.list(), all]).toEqual([[], []]);
  });

  it("says so where an app does not say where it is; the host is gone all the same [FLEET-4]", async () => {
    const registry = createMemoryHostRegistry([profileOf(1)]);
    const fleet = createHostFleet({ registry, createOptions: throwing });
    await expect(fleet.forget(one)).rejects.toMatchObject({ name: "MoorlineError", text: "no disk" });
    expect((await registry.load()).profiles).toEqual([]);
  });
});

describe("createHostFleet: a storage that does not answer", () => {
  it("holds up no other host [FLEET-4]", async () => {
    const storage = { ...createMemoryMirrorStorage(), list: () => new Promise<never>(() => undefined) };
    const { fleet, fake } = stageFleet({ profiles: [profileOf(1)], mirrorStorage: storage });
    await fleet.start();
    void fleet.forget(one);
    expect(await fleet.add(profileOf(2))).toBe(fake(2).runtime);
    expect(fleet.getSnapshot().hosts.map(({ serverId }) => serverId)).toEqual([two]);
  });
});

describe("createHostFleet: what is shown", () => {
  it("keeps references of what has not changed, and tells nobody of what changes nothing [FLEET-8]", async () => {
    const { fleet, fake } = stageFleet({ profiles: [profileOf(1), profileOf(2)] });
    await fleet.start();
    const listener = vi.fn();
    fleet.subscribe(listener);
    const before = fleet.getSnapshot();
    expect(fleet.getSnapshot()).toBe(before);
    fake(1).become(hostIn("selecting"));
    expect([fleet.getSnapshot(), listener.mock.calls.length]).toEqual([before, 0]);
    expect(fleet.getSnapshot()).toBe(before);
    fake(1).become(hostIn("online"));
    const after = fleet.getSnapshot();
    expect([after === before, after.hosts[0] === before.hosts[0], after.hosts[1] === before.hosts[1]]).toEqual([
      false,
      false,
      true,
    ]);
    expect([after.setAside === before.setAside, listener.mock.calls.length]).toEqual([true, 1]);
  });

  it("shows candidates that a host has set aside, such as one where another daemon answers [FLEET-5]", async () => {
    const { fleet, fake } = stageFleet({ profiles: [profileOf(1), profileOf(2)] });
    await fleet.start();
    fake(2).become(onlineWith({ a: SetAsideReason.WRONG_SERVER, b: SetAsideReason.UNKNOWN_KIND }));
    const { setAside } = fleet.getSnapshot();
    expect(setAside).toEqual([
      { serverId: two, candidateId: "a", reason: SetAsideReason.WRONG_SERVER },
      { serverId: two, candidateId: "b", reason: SetAsideReason.UNKNOWN_KIND },
    ]);
    fake(2).become(onlineWith({ a: SetAsideReason.WRONG_SERVER, b: SetAsideReason.UNKNOWN_KIND }));
    expect(fleet.getSnapshot().setAside).toBe(setAside);
  });

  it("sends intents to every runtime, and fetches nothing by itself [FLEET-9]", async () => {
    const { fleet, fake } = stageFleet({ profiles: [profileOf(1), profileOf(2)] });
    await fleet.start();
    fleet.refresh();
    fleet.retry();
    for (const number of [1, 2]) {
      expect(fake(number).asked).toEqual(["start", "refresh", "retry"]);
      expect(fake(number).directory.refreshes).toBe(0);
    }
  });
});
