import { create } from "@bufbuild/protobuf";
import type { Agent } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import type { HostState } from "../../../../gen/moorline/machine/v1/host_moorline.ts";
import { HostStateSchema } from "../../../../gen/moorline/machine/v1/host_pb.ts";
import type { HostProfile } from "../../../../gen/moorline/state/v1/host_profile_pb.ts";
import type { SetAsideReason } from "../../../../gen/moorline/state/v1/reason_pb.ts";
import type { Clock } from "../../../../src/core/clock.ts";
import { createHostFleet } from "../../../../src/runtime/fleet/create-host-fleet.ts";
import type { HostRuntime, HostRuntimeOptions, HostSnapshot } from "../../../../src/runtime/host-runtime.ts";
import type { HostRegistry } from "../../../../src/runtime/registry/host-registry.ts";
import { createMemoryHostRegistry } from "../../../../src/runtime/registry/memory-host-registry.ts";
import type { MirrorStorage } from "../../../../src/runtime/storage/mirror-storage.ts";
import { serverIdOfNumber } from "../../../../src/testing/sample-profiles.ts";
import { parseServerId } from "../../../../src/wire/server-id.ts";
import { FakeDirectory, recency } from "../fake-directory.ts";
import { hostIn, ManualSource } from "../support.ts";

/** What a test has of a runtime: what was asked of it, and its state. */
export class FakeRuntime {
  readonly directory = new FakeDirectory(recency);
  readonly asked: string[] = [];
  readonly profiles: HostProfile[];
  readonly options: HostRuntimeOptions;
  readonly source: ManualSource<HostSnapshot>;
  readonly runtime: HostRuntime;

  constructor(options: HostRuntimeOptions) {
    const serverId = parseServerId(options.profile.serverId);
    this.options = options;
    this.profiles = [options.profile];
    const snapshot = { serverId, sessionRef: "", host: hostIn("booting"), connection: undefined, probes: [] };
    this.source = new ManualSource<HostSnapshot>(snapshot);
    const note = (what: string) => () => void this.asked.push(what);
    this.runtime = {
      ...{ serverId, agents: this.directory },
      ...{ getSnapshot: this.source.getSnapshot, subscribe: this.source.subscribe },
      ...{ start: note("start"), retry: note("retry"), refresh: note("refresh") },
      stop: () => {
        this.asked.push("stop");
        this.become(hostIn("stopped"));
      },
      setProfile: (profile: HostProfile) => void this.profiles.push(profile),
    } as unknown as HostRuntime;
  }

  become(host: HostState): void {
    this.source.set({ ...this.source.getSnapshot(), host });
  }

  show(...agents: readonly Agent[]): void {
    this.directory.put(...agents);
  }
}

/** A host that is online, with candidates that are set aside. */
export function onlineWith(setAside: Readonly<Record<string, SetAsideReason>>): HostState {
  const candidates = Object.entries(setAside).map(([candidateId, reason]) => ({ candidateId, setAside: { reason } }));
  return create(HostStateSchema, { state: { case: "online", value: { memory: { candidates } } } });
}

/** What a fleet may be given. */
export interface FleetStageOptions {
  readonly registry?: HostRegistry;
  readonly profiles?: readonly HostProfile[];
  readonly mirrorStorage?: MirrorStorage;
  readonly clock?: Clock;
  /** Server ids that no runtime can be made for. */
  readonly broken?: readonly string[];
}

/** A fleet whose runtimes a test plays. */
export function stageFleet(options: FleetStageOptions = {}) {
  const registry = options.registry ?? createMemoryHostRegistry(options.profiles);
  const fakes = new Map<string, FakeRuntime>();
  const all: FakeRuntime[] = [];
  const errors: unknown[] = [];
  const fleet = createHostFleet({
    registry,
    createOptions: () => ({
      sessionKey: () => Promise.reject(new Error("no key")),
      client: { name: "test", version: "1" },
      ...(options.mirrorStorage === undefined ? {} : { mirrorStorage: options.mirrorStorage }),
    }),
    createRuntime: (runtimeOptions) => {
      const { serverId } = runtimeOptions.profile;
      if (options.broken?.includes(serverId) === true) throw new Error("broken");
      const fake = new FakeRuntime(runtimeOptions);
      fakes.set(serverId, fake);
      all.push(fake);
      return fake.runtime;
    },
    onError: (error) => errors.push(error),
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
  return {
    ...{ fleet, registry, errors, all },
    /** The runtime that was made last for the host of a number. */
    fake: (number: number) => fakes.get(serverIdOfNumber(number)) as FakeRuntime,
    kept: async () => (await registry.load()).profiles,
  };
}
