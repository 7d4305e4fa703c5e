import { HostStatus } from "../../../gen/moorline/state/v1/fleet_pb.ts";
import { SetAsideReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import type { HostFleet } from "../../../src/runtime/fleet/host-fleet.ts";
import type { HostRuntime } from "../../../src/runtime/host-runtime.ts";
import { activeCandidateOf, isOnline } from "../../../src/runtime/selectors.ts";
import { nameOf } from "../session/names.ts";
import type { FleetScene } from "./fleet-scene.ts";

/** Every runtime that a fleet has made, and what it shows of them. */
export class HostBook {
  private readonly scene: FleetScene;
  private readonly name: string;
  private readonly fleet: HostFleet;
  private readonly runtimes = new Set<HostRuntime>();

  constructor(scene: FleetScene, name: string, fleet: HostFleet) {
    this.scene = scene;
    this.name = name;
    this.fleet = fleet;
  }

  /** A runtime was made: two profiles of one daemon are one host, with one client (FLEET-2). */
  made(runtime: HostRuntime): void {
    const { judge } = this.scene;
    const same = this.living().filter(({ serverId }) => serverId === runtime.serverId);
    judge.claim(same.length === 0, () => `one host: ${this.name} makes another runtime of ${runtime.serverId}`);
    this.runtimes.add(runtime);
  }

  /** Looks at what the fleet shows, when nothing is under way. */
  look(): void {
    const { judge } = this.scene;
    const { hosts, setAside } = this.fleet.getSnapshot();
    const ids = new Set(hosts.map(({ serverId }) => serverId));
    judge.claim(ids.size === hosts.length, () => `one host: ${this.name} shows one twice`);
    for (const { serverId, runtime, status, profile } of hosts) {
      judge.claim(this.runtimes.has(runtime), () => `${this.name} shows a runtime that it has not made`);
      const isSame = isOnline(runtime.getSnapshot()) === (status === HostStatus.ONLINE);
      judge.claim(
        isSame,
        () => `derived: ${this.name} shows ${serverId} as ${nameOf(HostStatus, status)}, which it is not`,
      );
      const candidates = new Set(profile.candidates.map(({ id }) => id));
      judge.claim(
        candidates.size === profile.candidates.length,
        () => `one host: ${this.name} has an address of ${serverId} twice`,
      );
      this.judgePath(runtime);
    }
    for (const { serverId, candidateId, reason } of setAside) {
      if (reason !== SetAsideReason.WRONG_SERVER) continue;
      judge.facts.count("set aside WRONG_SERVER");
      judge.claim(!this.leadsTo(serverId, candidateId), () => `set aside: ${candidateId} leads where it should`);
    }
  }

  /** Nothing is left of hosts that the fleet has no more. */
  judgeForgotten(): void {
    const { hosts } = this.fleet.getSnapshot();
    const shown = new Set(hosts.map(({ runtime }) => runtime));
    const stray = this.living().find((runtime) => !shown.has(runtime));
    this.scene.judge.claim(
      stray === undefined,
      () => `forgotten: ${this.name} has a runtime of ${stray?.serverId}, and does not show it`,
    );
  }

  /** a candidate with another server id carries nothing. */
  private judgePath(runtime: HostRuntime): void {
    const snapshot = runtime.getSnapshot();
    if (snapshot.host.state.case !== "online") return;
    const candidateId = activeCandidateOf(snapshot) ?? "";
    const isRight = this.leadsTo(runtime.serverId, candidateId);
    this.scene.judge.claim(isRight, () => `set aside: ${runtime.serverId} is online by ${candidateId}`);
  }

  private leadsTo(serverId: string, candidateId: string): boolean {
    const daemon = this.scene.daemons.find((one) => one.serverId === serverId);
    return daemon?.endpoints.some((endpoint) => candidateId === `direct ${endpoint}`) ?? false;
  }

  private living(): HostRuntime[] {
    return [...this.runtimes].filter((runtime) => runtime.getSnapshot().host.state.case !== "stopped");
  }
}
