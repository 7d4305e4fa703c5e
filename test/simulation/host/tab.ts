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
import { nameOf } from "../session/names.ts";
import { Process } from "../session/process.ts";
import { ScriptedLifecycle } from "../session/scripted-lifecycle.ts";
import { judgeErrorText, judgeTransition } from "../session/transition-judge.ts";
import { serverId } from "./host-daemon.ts";
import type { HostScene } from "./host-scene.ts";
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
    const { judge } = scene;
    const { clock } = this.process;
    const switching = ({ link }: WireConnection): void => this.endanger(link);
    this.wire = new WireBook({ name, judge, clock, switching, isCarried: () => this.isCarried });
    this.runtime = createHostRuntime(this.createOptions());
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
    runtime.subscribe(() => {
      const { state } = runtime.getSnapshot().host;
      if (state.case === "failed" || (state.case === "error" && state.value.retryAtMs === undefined)) standing.gaveUp();
      snapshots.told(runtime.getSnapshot());
      if (state.case === this.doom && !standing.isStopped && !standing.isAtRest) this.stop();
    });
    runtime.on("channel_lost", ({ reason }) => {
      standing.lost(reason);
      judge.facts.count(`channel lost ${nameOf(ChannelLossReason, reason)}`);
    });
    runtime.on("resumed", () => judge.facts.count("channel resumed"));
  }

  private createOptions(): HostRuntimeOptions {
    const { scene, process, lifecycle } = this;
    const { plan, credentials } = scene;
    return {
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
    judge.facts.count(`sync ${to}`);
    if (transition.from === "ready" && event === "sync_started") this.standing.revalidations += 1;
  }

  private failed(error: unknown): void {
    judgeErrorText(this.scene.judge, error);
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
    if (this.random.chance(0.5)) await this.process.pause(this.random.int(MAX_LATE_MS));
    if (!this.standing.isAtRest && this.random.chance(0.03)) throw new Error(PLANNED);
    return { bearerToken: this.scene.credentials.issue(this.name) };
  }
}
