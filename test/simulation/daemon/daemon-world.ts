import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import type { Channel } from "../../../src/channel/channel.ts";
import { type AgentCollection, createAgentCollection } from "../../../src/daemon/directory/agent-collection.ts";
import {
  type Fault,
  faults,
  SimulatedClock,
  type SimulatedHost,
  SimulatedNetwork,
  SimulatedRandom,
  startFaults,
} from "../../../src/testing/index.ts";
import type { LocalChannelLimits } from "../../../src/wire/limits.ts";
import type { Side } from "../channel/call-plan.ts";
import { SimClient } from "../channel/sim-client.ts";
import { SimServer } from "../channel/sim-server.ts";
import { drawLimits, type Surroundings } from "../channel/surroundings.ts";
import { Broken, Facts } from "../world.ts";
import { Follower } from "./follower.ts";
import { findDifference } from "./judge-mark.ts";
import { ServedWatch } from "./served-watch.ts";
import { Truth } from "./truth.ts";

const LOOK_EVERY_MS = 250;
const REST_LIMIT_MS = 240_000;

/** One seed of the world `daemon`: a directory of agents that changes, and those who follow it. */
export class DaemonWorld implements Surroundings {
  readonly clock = new SimulatedClock();
  readonly facts = new Facts();
  readonly random: SimulatedRandom;
  readonly network: SimulatedNetwork;
  readonly limits: Readonly<Record<Side, LocalChannelLimits>>;
  private readonly server: SimServer;
  private readonly truth: Truth;
  private readonly followers: Follower[] = [];
  private readonly plan: { readonly tombstoneRevisions: number; readonly hotIds: number; readonly burst: number };
  /** What belongs to the process of the daemon that runs. */
  private daemon: { readonly collection: AgentCollection; readonly watches: Set<ServedWatch> };

  constructor(seed: number, historyLength: number) {
    this.random = new SimulatedRandom(seed);
    const { clock, random } = this;
    this.network = new SimulatedNetwork({
      ...{ clock, historyLength, random: random.fork() },
      ...{ latencyMs: random.between(0, 80), jitterMs: random.between(0, 30) },
      bytesPerMs: random.pick([Number.POSITIVE_INFINITY, 500, 20]),
    });
    const limits = { ...drawLimits(random), maxCalls: 256 };
    this.limits = { client: limits, server: limits };
    const idCount = random.pick([5, 30, 60, 300]);
    this.plan = {
      tombstoneRevisions: random.pick([10, 100, 10_000]),
      hotIds: random.pick([3, 30, idCount]),
      burst: random.pick([1, 4, 30]),
    };
    this.server = new SimServer(this);
    this.daemon = this.startDaemon();
    this.truth = new Truth(random.fork(), this.daemon.collection, idCount);
    const { truth, facts } = this;
    for (let i = 0; i < 2; i += 1) {
      const client = new SimClient(this, `client-${i}`);
      for (let j = 0; j < 2; j += 1) this.followers.push(new Follower({ client, truth, facts, random: random.fork() }));
    }
  }

  channelMade(channel: Channel, host: SimulatedHost): void {
    if (host !== this.server.host) return;
    const { daemon } = this;
    channel.onCall = (call) => {
      const watch = new ServedWatch(call, daemon.collection, (closed) => daemon.watches.delete(closed));
      daemon.watches.add(watch);
    };
  }

  /** Plays the world to its end. Throws what is broken. */
  play(): void {
    this.look();
    const phase = { endsAtMs: this.random.between(2_000, 10_000) };
    this.keepChanging(phase.endsAtMs);
    const schedule = startFaults({ ...this, kinds: this.createFaults(), meanGapMs: this.random.between(300, 3_000) });
    this.run(() => false, phase.endsAtMs);
    schedule.stop();
    for (const follower of this.followers) follower.calm();
    if (!this.run(() => this.findUnrest() === undefined, REST_LIMIT_MS)) {
      throw new Broken(`a follower does not show what is true: ${this.findUnrest()}`);
    }
  }

  private startDaemon(): { readonly collection: AgentCollection; readonly watches: Set<ServedWatch> } {
    const { clock } = this.server.host;
    const { tombstoneRevisions } = this.plan;
    const collection = createAgentCollection({ clock, random: this.random.fork(), tombstoneRevisions });
    return { collection, watches: new Set() };
  }

  private createFaults(): Readonly<Record<string, Fault>> {
    const { jumpWall: _, ...networkFaults } = faults;
    return {
      ...networkFaults,
      restartDaemon: ({ random }) => {
        if (!random.chance(0.5)) return;
        this.server.restart();
        this.daemon = this.startDaemon();
        this.truth.moveTo(this.daemon.collection);
      },
      evict: ({ random }) => {
        const all = [...this.server.channels.values()];
        if (all.length > 0) this.server.lose(random.pick(all), ChannelLossReason.REPLAY_EVICTED);
      },
    };
  }

  private keepChanging(endsAtMs: number): void {
    const { burst, hotIds } = this.plan;
    const changes = 1 + this.random.int(burst);
    for (let i = 0; i < changes; i += 1) this.truth.change(this.random.chance(0.8) ? hotIds : Number.POSITIVE_INFINITY);
    this.facts.count("changes", changes);
    if (this.clock.now() >= endsAtMs) return;
    this.clock.setTimer(this.random.between(0, 200), () => this.keepChanging(endsAtMs));
  }

  /** What is held grows with ids, however much changes and however slowly anybody reads. */
  private look(): void {
    const { collection, watches } = this.daemon;
    const ids = this.truth.ids.length;
    if (collection.heldIds > ids) throw new Broken(`${collection.heldIds} ids are held of ${ids}`);
    for (const watch of watches) {
      const waiting = watch.countWaiting();
      if (waiting > 2 * ids) throw new Broken(`${waiting} entries wait, of ${ids} ids`);
    }
    this.clock.setTimer(LOOK_EVERY_MS, () => this.look());
  }

  private findUnrest(): string | undefined {
    const { truth, followers } = this;
    for (const follower of followers) {
      const difference = findDifference(follower, truth);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }

  private run(predicate: () => boolean, limitMs: number): boolean {
    const { thrown } = this.network;
    const isDone = this.clock.runUntil(() => thrown.length > 0 || predicate(), limitMs);
    if (thrown.length > 0) throw thrown[0];
    return isDone;
  }
}
