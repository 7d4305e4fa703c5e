import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import type { Call } from "../../../src/channel/call.ts";
import type { Channel } from "../../../src/channel/channel.ts";
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
import { Broken, Facts } from "../world.ts";
import { auditChannel, auditCredit } from "./audit.ts";
import type { Side } from "./call-plan.ts";
import { describe } from "./ledger.ts";
import { SimClient } from "./sim-client.ts";
import { SimServer } from "./sim-server.ts";
import { drawLimits, type Surroundings } from "./surroundings.ts";
import { Traffic } from "./traffic.ts";

const CHECK_EVERY_MS = 100;
const DRAIN_LIMIT_MS = 180_000;

/** One seed of the world `channel`: a client, a server, calls between them, and faults. */
export class ChannelWorld implements Surroundings {
  readonly clock = new SimulatedClock();
  readonly random: SimulatedRandom;
  readonly network: SimulatedNetwork;
  readonly facts = new Facts();
  readonly limits: Readonly<Record<Side, LocalChannelLimits>>;
  private readonly channels: Channel[] = [];
  private readonly traffic: Traffic;
  private readonly server: SimServer;
  private client: SimClient;
  private clientCount = 1;

  constructor(seed: number, historyLength: number) {
    this.random = new SimulatedRandom(seed);
    const { clock, random } = this;
    this.network = new SimulatedNetwork({
      ...{ clock, historyLength, random: random.fork() },
      ...{ latencyMs: random.between(0, 80), jitterMs: random.between(0, 30) },
      bytesPerMs: random.pick([Number.POSITIVE_INFINITY, 2_000, 100]),
    });
    this.limits = { client: drawLimits(random), server: drawLimits(random) };
    this.traffic = new Traffic(random.fork(), this.facts);
    this.server = new SimServer(this);
    this.client = new SimClient(this, "client-1");
  }

  channelMade(channel: Channel, host: SimulatedHost): void {
    this.channels.push(channel);
    this.traffic.join(channel, host);
  }

  /** Plays the world to its end. Throws what is broken. */
  play(): void {
    this.watch();
    const schedule = startFaults({ ...this, kinds: this.createFaults(), meanGapMs: this.random.between(200, 2_000) });
    this.run(() => false, this.random.between(3_000, 25_000));
    schedule.stop();
    this.traffic.end();
    this.client.setHidden(false);
    this.forgetOldChannels();
    if (!this.run(() => this.isQuiet(), DRAIN_LIMIT_MS))
      throw new Broken(`does not come to rest: ${this.describeRest()}`);
    this.auditCredit();
    this.traffic.finish();
    if (!this.run(() => this.isOver(), DRAIN_LIMIT_MS)) throw new Broken(`does not end: ${this.describeRest()}`);
    for (const record of this.traffic.ledger.records) this.traffic.ledger.checkSettled(record);
    for (const { counters } of this.channels) {
      this.facts.count("late frames", counters.lateFrames);
      this.facts.count("duplicate frames", counters.duplicateFrames);
      if (counters.unknownFrames > 0) throw new Broken("a frame is unknown");
    }
  }

  private createFaults(): Readonly<Record<string, Fault>> {
    const { jumpWall: _, ...networkFaults } = faults;
    return {
      ...networkFaults,
      switchPath: () => this.client.dial(),
      switchPathTwice: () => {
        this.client.dial();
        this.client.dial();
      },
      hide: ({ random }) => this.client.setHidden(random.chance(0.5)),
      restartServer: ({ random }) => random.chance(0.3) && this.server.restart(),
      restartClient: ({ random }) => random.chance(0.3) && this.restartClient(),
      expire: ({ random }) => {
        const detached = [...this.server.channels.values()].filter(({ connection }) => connection === undefined);
        if (detached.length > 0) this.server.lose(random.pick(detached), ChannelLossReason.CHANNEL_EXPIRED);
      },
      evict: ({ random }) => {
        const all = [...this.server.channels.values()];
        if (all.length > 0 && random.chance(0.2)) this.server.lose(random.pick(all), ChannelLossReason.REPLAY_EVICTED);
      },
    };
  }

  private restartClient(): void {
    this.client.host.crash(this.random.chance(0.5));
    this.clientCount += 1;
    this.client = new SimClient(this, `client-${this.clientCount}`);
    this.facts.count("client restarts");
  }

  /** Channels of clients that are no more would expire in the end. */
  private forgetOldChannels(): void {
    for (const held of this.server.channels.values()) {
      if (!held.id.startsWith(`client-${this.clientCount}/`)) this.server.lose(held, ChannelLossReason.CHANNEL_EXPIRED);
    }
  }

  /** Looks at the invariants that hold at every instant, again and again. */
  private watch(): void {
    for (const { channel, connection } of this.server.channels.values()) {
      auditChannel(channel, this.limits.server, (call) => this.windowOf("server", call));
      connection?.watched.checkSoon();
    }
    auditChannel(this.client.channel, this.limits.client, (call) => this.windowOf("client", call));
    this.client.current?.watched.checkSoon();
    this.clock.setTimer(CHECK_EVERY_MS, () => this.watch());
  }

  private windowOf(side: Side, call: Call): number {
    const { initialCreditBytes } = this.limits[side];
    return call.role === "callee"
      ? initialCreditBytes
      : initialCreditBytes + this.traffic.ledger.find(call).plan.credit;
  }

  /** Runs until `predicate` holds or something was thrown where nobody could catch it. */
  private run(predicate: () => boolean, limitMs: number): boolean {
    const { thrown } = this.network;
    const isDone = this.clock.runUntil(() => thrown.length > 0 || predicate(), limitMs);
    if (thrown.length > 0) throw thrown[0];
    return isDone;
  }

  private get pair(): { readonly client: Channel; readonly server: Channel } | undefined {
    const { channelId, channel, current } = this.client;
    const held = channelId === undefined ? undefined : this.server.channels.get(channelId);
    if (current === undefined || held?.connection === undefined) return undefined;
    return { client: channel, server: held.channel };
  }

  /** Connected, nothing under way, and every call over but for those that wait for the end of the world. */
  private isQuiet(): boolean {
    const { pair } = this;
    if (pair === undefined || !pair.client.isFlushed || !pair.server.isFlushed) return false;
    return (
      this.network.links.filter(({ isOver }) => !isOver).length === 1 &&
      this.traffic.callers.every((caller) => caller.isIdle)
    );
  }

  private isOver(): boolean {
    const { ledger } = this.traffic;
    if (!this.isQuiet() || !ledger.records.every((record) => ledger.isSettled(record))) return false;
    return this.pair?.client.calls.size === 0 && this.pair.server.calls.size === 0;
  }

  private auditCredit(): void {
    const { client, server } = this.limits;
    for (const record of this.traffic.ledger.records) {
      if (record.caller !== "open" || !record.callerProcess.isAlive) continue;
      const isClients = record.callerProcess === this.client.host;
      auditCredit(record, isClients ? client : server, isClients ? server : client);
      this.facts.count("credits audited");
    }
  }

  private describeRest(): string {
    const { ledger } = this.traffic;
    const open = ledger.records.filter((record) => !ledger.isSettled(record));
    const calls = open.map((record) => `call ${record.plan.no}: ${describe(record)}`);
    return [
      this.pair === undefined ? "not connected" : "connected",
      `${this.network.links.length} links`,
      ...calls,
    ].join("\n  ");
  }
}
