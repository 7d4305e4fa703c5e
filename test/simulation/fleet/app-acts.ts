import { create } from "@bufbuild/protobuf";
import { type HostProfile, HostProfileSchema } from "../../../gen/moorline/state/v1/host_profile_pb.ts";
import { MoorlineError } from "../../../src/client/index.ts";
import { createHostProfile } from "../../../src/runtime/host/profile.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import type { FleetApp } from "./fleet-app.ts";
import type { FleetDaemon } from "./fleet-daemon.ts";
import type { FleetScene } from "./fleet-scene.ts";
import { SORTED_BY } from "./rows-judge.ts";

/** What an intent may be refused with: the registry fails, the disk fails, or the fleet is stopped. */
const REFUSALS = new Set(["STORAGE_FAILED", "STORAGE_FULL", "DISPOSED"]);
/** How long nothing is kept of a host that was forgotten, at least; unless it is added again. */
const FORGOTTEN_MS = 4_000;

/** Does what users do with a fleet, by chance, until it is at rest. */
export class AppActs {
  private readonly scene: FleetScene;
  private readonly app: FleetApp;
  private readonly random: SimulatedRandom;
  private phase: "acting" | "resting" = "acting";
  /** How often a host was added, by its server id. */
  private readonly additions = new Map<string, number>();
  /** Hosts that were to be forgotten. */
  private readonly owed = new Set<string>();

  constructor(app: FleetApp) {
    this.app = app;
    this.scene = app.scene;
    this.random = app.scene.random.fork();
    this.start();
    this.plan();
  }

  /** Does nothing by itself from now on. */
  rest(): void {
    this.phase = "resting";
  }

  /** Reads the registry, as often as it has to be asked. */
  start(): void {
    void this.intend("start", this.app.fleet.start());
  }

  /** Adds a daemon with all its addresses. */
  async addWhole({ serverId, endpoints }: FleetDaemon): Promise<void> {
    await this.intend("add", this.addAt(serverId, endpoints));
  }

  private plan(): void {
    const { app, random, scene } = this;
    void app.process.pause(2 * scene.plan.actGapMs * random.unit()).then(() => {
      if (this.phase === "resting" || app.phase !== "living") return;
      this.act();
      this.plan();
    });
  }

  private act(): void {
    const { app, random, scene } = this;
    const daemon = random.pick(scene.daemons);
    const kind = random.int(100);
    if (kind < 40) this.add(daemon);
    else if (kind < 58) this.forget(daemon.serverId);
    else if (kind < 74) this.sort();
    else if (kind < 82) app.fleet.retry();
    else if (kind < 90) app.fleet.refresh();
    else this.start();
  }

  /** Some of its addresses, or one at which another daemon is found. */
  private add({ serverId, endpoints }: FleetDaemon): void {
    const { random, scene } = this;
    const isWrong = random.chance(0.25);
    const others = scene.daemons.filter((other) => other.serverId !== serverId).flatMap((other) => other.endpoints);
    const some = isWrong && others.length > 0 ? [random.pick(others)] : [random.pick(endpoints)];
    void this.intend(isWrong ? "add elsewhere" : "add", this.addAt(serverId, some));
  }

  private async addAt(serverId: string, endpoints: readonly string[]): Promise<void> {
    const { app, scene } = this;
    const known = app.fleet.host(serverId);
    this.additions.set(serverId, (this.additions.get(serverId) ?? 0) + 1);
    const runtime = await app.fleet.add(this.profileOf(serverId, endpoints));
    const isSame = known === undefined || known.snapshot.host.state.case === "stopped" || known === runtime;
    scene.judge.claim(isSame, () => `one host: ${serverId} was added again, and has another runtime`);
    if (known !== undefined && isSame) scene.judge.facts.count("profiles merged");
    const host = app.fleet.getSnapshot().hosts.find((one) => one.serverId === serverId);
    const ids = new Set(host?.profile.candidates.map(({ id }) => id));
    const isThere = host === undefined || endpoints.every((endpoint) => ids.has(`direct ${endpoint}`));
    scene.judge.claim(isThere, () => `one host: ${serverId} was added, and lacks an address`);
  }

  /** As it is made, or as somebody else has written it down. */
  private profileOf(serverId: string, endpoints: readonly string[]): HostProfile {
    const profile = createHostProfile({ serverId, candidates: endpoints.map((direct) => ({ direct })) });
    if (this.random.chance(0.7)) return profile;
    return create(HostProfileSchema, { ...profile, label: `label ${this.random.int(3)}` });
  }

  private forget(serverId: string): void {
    const { app, scene } = this;
    const phase = app.fleet.host(serverId)?.snapshot.host.state.case;
    // What a program has never had is kept by another one that is gone.
    const isKnown = phase !== undefined || this.owed.has(serverId);
    if (phase !== undefined) scene.judge.facts.count(`forgotten in ${phase}`);
    else if (isKnown) scene.judge.facts.count("forgotten again");
    if (isKnown) this.owed.add(serverId);
    const additions = this.additions.get(serverId);
    const isOnly = (): boolean => isKnown && scene.plan.apps === 1 && additions === this.additions.get(serverId);
    const isKept = (): boolean => scene.disk.keys.some((key) => key.includes(serverId));
    const look = (): void => {
      const isOver = !isOnly() || app.phase !== "living";
      scene.judge.claim(isOver || !isKept(), () => `forgotten: something is kept of ${serverId}`);
      const isGone = additions !== this.additions.get(serverId) || app.fleet.host(serverId) === undefined;
      scene.judge.claim(isGone, () => `forgotten: ${app.name} has ${serverId} all the same`);
    };
    const work = app.fleet.forget(serverId).then(() => {
      look();
      void app.process.pause(FORGOTTEN_MS).then(look);
    });
    void this.intend("forget", work);
  }

  private sort(): void {
    const { app, random, scene } = this;
    scene.judge.facts.count("other orders");
    app.rows.setOrder({ by: random.pick(SORTED_BY), descending: random.chance(0.5) });
  }

  /** Every intent comes to an end, and fails for what the world has done to it only. */
  private async intend(what: string, work: Promise<unknown>): Promise<void> {
    const { app, scene } = this;
    const { judge, ledger } = scene;
    ledger.watch(work, app.process, what);
    try {
      await work;
      judge.facts.count(`${what} ok`);
    } catch (error) {
      const code = error instanceof MoorlineError ? error.code : String(error);
      judge.facts.count(`${what} ${code}`);
      judge.claim(REFUSALS.has(code), () => `${what} of ${app.name} has failed: ${error}`);
    }
  }
}
