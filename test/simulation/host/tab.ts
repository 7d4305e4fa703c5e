import { create } from "@bufbuild/protobuf";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { HostCandidateSchema, type HostProfile } from "../../../gen/moorline/state/v1/host_profile_pb.ts";
import { type Transition, TransitionOutcome } from "../../../gen/moorline/state/v1/transition_pb.ts";
import type { SessionKey } from "../../../src/client/index.ts";
import { createHostRuntime } from "../../../src/runtime/create-host-runtime.ts";
import { createHostProfile } from "../../../src/runtime/host/profile.ts";
import type { HostRuntime, HostRuntimeOptions } from "../../../src/runtime/host-runtime.ts";
import { keyToName } from "../../../src/server/handshake.ts";
import type { SimulatedLink } from "../../../src/testing/simulated-link.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import { MirrorJudge } from "../mirrors/mirror-judge.ts";
import { MirrorUser } from "../mirrors/mirror-user.ts";
import { TabTimelines } from "../mirrors/tab-timelines.ts";
import { nameOf } from "../session/names.ts";
import { Process } from "../session/process.ts";
import { ScriptedLifecycle } from "../session/scripted-lifecycle.ts";
import { judgeErrorText, judgeTransition } from "../session/transition-judge.ts";
import { serverId } from "./host-daemon.ts";
import type { HostScene } from "./host-scene.ts";
import { RenewalJudge } from "./renewal-judge.ts";
import { SnapshotJudge } from "./snapshot-judge.ts";
import { TabCalls } from "./tab-calls.ts";
import { TabStanding } from "./tab-standing.ts";
import { watchTransport } from "./watched-transport.ts";
import { WireBook, type WireConnection } from "./wire-book.ts";

/** What the callbacks of a tab fail with where the world wants them to. */
const PLANNED = "as planned";
/** Longer than what counts as sleep, and a tick. */
const LONG_SLEEP_MS = 7_000;
const ASK_EVERY_MS = 1_000;
const AWAKE_MS = 3_000;
const DOOMS = [
  "booting",
  "failed",
  "noConnections",
  "selecting",
  "connectingActive",
  "interrupted",
  "degraded",
  "error",
];
const MAX_LATE_MS = 3_000;
/** How long people wait for a credential that never comes, until they sign in anew. */
const STUCK_MS = 12_000;

/** One program with one runtime: everything that its runtime is given and says is watched. */
export class Tab {
  readonly scene: HostScene;
  readonly name: string;
  readonly process: Process;
  readonly lifecycle = new ScriptedLifecycle();
  readonly standing = new TabStanding();
  readonly runtime: HostRuntime;
  readonly wire: WireBook;
  readonly calls: TabCalls;
  /** The timelines that it looks at. Undefined: none. */
  readonly timelines: TabTimelines | undefined;
  readonly renewals: RenewalJudge;
  readonly disk: MirrorUser;
  private readonly snapshots: SnapshotJudge;
  readonly sessionHash: string;
  /** Where its user has enough of it. Undefined: it is stopped otherwise. */
  private readonly doom: string | undefined;
  private readonly random: SimulatedRandom;
  private readonly key: SessionKey;
  private askedAtMs = 0;

  constructor(scene: HostScene, name: string, key: SessionKey) {
    this.scene = scene;
    this.name = name;
    this.key = key;
    this.sessionHash = keyToName(key).sessionHash;
    this.random = scene.random.fork();
    this.process = new Process(scene.network.host(name));
    this.doom = this.random.chance(0.12) ? this.random.pick(DOOMS) : undefined;
    const { judge, plan } = scene;
    const { clock } = this.process;
    const switching = ({ link }: WireConnection): void => this.endanger(link);
    const renewals = new RenewalJudge(judge, name, this.process);
    this.renewals = renewals;
    this.wire = new WireBook({ name, judge, clock, renewals, switching, isCarried: () => this.isCarried });
    this.disk = this.createUser();
    this.runtime = createHostRuntime(this.createOptions());
    this.timelines = plan.timelines === 0 ? undefined : this.createTimelines();
    this.calls = new TabCalls(this);
    this.snapshots = new SnapshotJudge(judge, name, this.runtime.getSnapshot());
    this.listen();
  }

  /** The state that its runtime is in. */
  get phase(): string {
    return this.runtime.getSnapshot().host.state.case ?? "";
  }

  /** The profile with every way of the world, and for some with a candidate of a kind that comes later. */
  get profile(): HostProfile {
    const ways = this.scene.ways.all.map(({ endpoint }) => ({ direct: endpoint }));
    const profile = createHostProfile({ serverId, candidates: ways });
    if (this.scene.plan.hasNewerKind) profile.candidates.push(create(HostCandidateSchema, { id: "newer" }));
    return profile;
  }

  /** Wants to be online, as often as it is asked. */
  ensureOnline(): void {
    const { ledger } = this.scene;
    this.wire.asked();
    const online = this.runtime.ensureOnline();
    ledger.watch(online, this.process, "ensureOnline");
    online.catch((error: unknown) => judgeErrorText(this.scene.judge, error));
  }

  /** Somebody looks at what it says, once a second at most: no key, or no candidate that may be tried. */
  askAgain(): void {
    const { phase, process, runtime } = this;
    const isStuck = phase === "failed" || phase === "error" || phase === "booting";
    const nowMs = process.clock.now();
    if (!isStuck || nowMs < this.askedAtMs + ASK_EVERY_MS) return;
    this.askedAtMs = nowMs;
    process.perform(() => (phase === "error" ? runtime.retry() : runtime.start()));
  }

  /** Its process sleeps. Whoever has slept for long hears so soon after. */
  sleep(ms: number): void {
    const { process, lifecycle, standing, scene } = this;
    const isWatching = this.phase !== "booting" && !lifecycle.isHidden;
    const { wakes } = standing;
    process.host.sleep(ms);
    this.disk.slept();
    if (ms < LONG_SLEEP_MS || !isWatching) return;
    const check = (): void => {
      if (standing.isStopped || lifecycle.isHidden) return;
      scene.judge.facts.count("sleeps survived");
      scene.judge.claim(
        standing.wakes > wakes,
        () => `wake: ${this.name} has slept ${ms} ms, and nobody has told its host`,
      );
    };
    void process.pause(ms).then(() => process.pause(AWAKE_MS).then(check));
  }

  /** Nothing goes wrong by itself from now on, and whatever has is made good. */
  rest(): void {
    this.standing.isAtRest = true;
    this.renewals.rest();
    if (this.standing.isStuck) this.signIn();
    this.timelines?.rest();
  }

  /** Its process ends, in the middle of whatever it does. @param told Whether the daemon hears of it. */
  kill(told: boolean): void {
    this.standing.isStopped = true;
    this.scene.judge.facts.count("tabs killed");
    this.process.host.crash(told);
  }

  /** Ends for good. */
  stop(): void {
    this.standing.isStopped = true;
    this.standing.gaveUp();
    this.runtime.stop();
  }

  /** What has to be true whenever nothing of it is under way. @param drains How often the daemon has ended all watches. */
  judgeRest(drains: number): void {
    const snapshot = this.runtime.getSnapshot();
    this.snapshots.look(snapshot);
    this.snapshots.rest(snapshot);
    this.wire.judgeOne();
    // one owner of refresh: a mirror looks anew where it is told to, or has lost its watch.
    const { revalidations, refreshes, lossCount } = this.standing;
    this.scene.judge.claim(revalidations <= refreshes + lossCount + drains, () => {
      return `one owner of refresh: ${this.name} has looked anew ${revalidations} times, told ${refreshes} times, lost ${lossCount} channels`;
    });
  }

  /** What has to be true when it was stopped a while ago: nothing is left. */
  judgeEnd(): void {
    const { judge } = this.scene;
    if (!this.process.isAlive) return;
    const { pendingTimers } = this.process.clock;
    judge.claim(pendingTimers === 0, () => `memory bounded: ${this.name} is stopped, and has ${pendingTimers} timers`);
    const { listenerCount } = this.lifecycle;
    judge.claim(listenerCount === 0, () => `memory bounded: ${this.name} is stopped, and listens`);
    judge.claim(
      this.wire.size === 0,
      () => `memory bounded: ${this.name} is stopped, and has ${this.wire.size} connections`,
    );
    judge.claim(this.phase === "stopped", () => `${this.name} was stopped, and is ${this.phase}`);
  }

  /** Now and then a switch fails: before the daemon has accepted it, or because its Welcome is lost. */
  private endanger(link: SimulatedLink | undefined): void {
    if (this.standing.isAtRest || !this.random.chance(0.3)) return;
    link?.drop(this.random.pick(["up", "down"]));
  }

  private get isCarried(): boolean {
    const { state } = this.runtime.getSnapshot().host;
    return state.case === "online" && state.value.switch?.present.case !== "superseded";
  }

  private listen(): void {
    const { runtime, standing, scene } = this;
    const { judge, steps } = scene;
    steps.follow(runtime.getSnapshot().host);
    const { snapshots } = this;
    const mirrors = new MirrorJudge(judge, this.name, runtime.agents);
    runtime.agents.agents.subscribe(() => mirrors.look());
    runtime.subscribe(() => {
      const { state } = runtime.getSnapshot().host;
      if (state.case === "failed" || (state.case === "error" && state.value.retryAtMs === undefined)) standing.gaveUp();
      snapshots.told(runtime.getSnapshot());
      if (state.case === this.doom && !standing.isStopped && !standing.isAtRest) this.stop();
    });
    runtime.on("channel_lost", ({ reason }) => {
      standing.lost(reason);
      this.timelines?.cut("earlier pages cut");
      judge.facts.count(`channel lost ${nameOf(ChannelLossReason, reason)}`);
    });
    runtime.on("resumed", () => {
      judge.facts.count("channel resumed");
      this.timelines?.cut("earlier pages over a cut");
    });
  }

  private createOptions(): HostRuntimeOptions {
    const { scene, process, lifecycle } = this;
    const { plan, credentials, disk } = scene;
    return {
      ...(plan.disk === "none" ? {} : { mirrorStorage: disk.open(this.disk) }),
      profile: this.profile,
      sessionKey: plan.keys === "late" ? () => this.giveKey() : this.key,
      client: { name: "tab", version: "1.0.0" },
      ...(credentials.areNeeded ? { credential: () => this.giveCredential() } : {}),
      transport: watchTransport(process.host.transport, scene.network, this.wire),
      lifecycle,
      clock: process.clock,
      random: this.random.fork(),
      limits: { probeIntervalMs: plan.probeIntervalMs },
      onTransition: (transition) => this.heard(transition),
      onError: (error) => this.failed(error),
    };
  }

  private heard(transition: Transition): void {
    const { judge } = this.scene;
    judgeTransition(judge, transition);
    const { machine, event, to } = transition;
    const isRedial = machine === "connection" && event === "retry_due";
    judge.claim(!isRedial, () => "at most one active client: a client of a runtime redials by itself");
    if (machine === "host" && (event === "woke" || event === "foregrounded")) this.standing.wakes += 1;
    if (machine !== "sync" || transition.outcome === TransitionOutcome.IGNORED) return;
    judge.facts.count(transition.subject === "" ? `sync ${to}` : `timeline ${to}`);
    if (transition.subject !== "") return;
    if (transition.from === "ready" && event === "sync_started") this.standing.revalidations += 1;
  }

  private failed(error: unknown): void {
    judgeErrorText(this.scene.judge, error);
    if (this.disk.hear(error)) return;
    const isPlanned = error instanceof Error && error.message.includes(PLANNED);
    this.scene.judge.claim(
      isPlanned,
      () => `${this.name}: its runtime has told of ${error instanceof Error ? error.stack : error}`,
    );
  }

  private async giveKey(): Promise<SessionKey> {
    await this.process.pause(this.random.int(MAX_LATE_MS));
    if (!this.standing.isAtRest && this.random.chance(0.3)) throw new Error(PLANNED);
    return this.key;
  }

  private async giveCredential(): Promise<{ bearerToken: string }> {
    const answered = this.renewals.asked();
    const { random, standing, scene } = this;
    if (random.chance(0.5)) await this.process.pause(random.int(MAX_LATE_MS));
    const { facts } = scene.judge;
    if (!standing.isAtRest && random.chance(0.04)) return this.giveNone();
    answered();
    if (!standing.isAtRest && random.chance(0.08)) {
      facts.count("credentials not had");
      throw new Error(PLANNED);
    }
    return { bearerToken: scene.credentials.issue(this.name) };
  }

  /** It never answers; until somebody signs in, after which nothing of this question counts. */
  private giveNone(): Promise<never> {
    this.scene.judge.facts.count("credentials never given");
    this.standing.isStuck = true;
    void this.process.pause(this.random.int(STUCK_MS)).then(() => this.signIn());
    return new Promise(() => {});
  }

  private signIn(): void {
    this.standing.isStuck = false;
    this.renewals.signedIn();
    this.wire.asked();
    this.process.perform(() => this.runtime.credentialChanged());
  }

  private createUser(): MirrorUser {
    const { scene, name, process } = this;
    return new MirrorUser({
      ...{ name, process, judge: scene.judge },
      isLiving: () => !this.standing.isStopped,
      directory: () => this.runtime.agents,
      timeline: (key) => this.timelines?.find(key),
      stopsOf: (key) => this.timelines?.stopsOf(key) ?? 0,
    });
  }

  private createTimelines(): TabTimelines {
    const { scene, name, process, runtime } = this;
    const { judge, ledger, timelines, plan } = scene;
    const agentIds = Array.from({ length: plan.timelines }, (_, index) => `log-${index}`);
    return new TabTimelines(
      {
        ...{ judge, ledger, name, process, runtime, timelines },
        random: this.random.fork(),
        storage: plan.disk === "none" ? undefined : scene.disk.open(this.disk),
        onTransition: (transition) => this.heard(transition),
        onError: (error) => this.failed(error),
      },
      agentIds,
    );
  }
}
