import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { Channel } from "../../../src/channel/channel.ts";
import type { SimulatedHost, SimulatedRandom } from "../../../src/testing/index.ts";
import { Broken } from "../world.ts";
import { ClientConnection } from "./client-connection.ts";
import type { Answer, Hello } from "./handshake.ts";
import { PATHS, SILENCE_MS, type Surroundings } from "./surroundings.ts";

/** One client instance: its attempts, its channel, and the connection that carries it. */
export class SimClient {
  readonly host: SimulatedHost;
  /** The channel in use; before its first welcome it only collects calls. */
  channel: Channel;
  /** The connection that carries the channel. */
  current: ClientConnection | undefined = undefined;
  private readonly world: Surroundings;
  private readonly random: SimulatedRandom;
  private readonly name: string;
  private readonly dials = new Set<ClientConnection>();
  /** What a hello says: the number of the last one, the fresh id, and the channel that a welcome has named. */
  private readonly identity: { attempt: number; freshNo: number; epoch: number; welcomedId: string | undefined };

  constructor(world: Surroundings, name: string) {
    this.world = world;
    this.random = world.random.fork();
    this.name = name;
    this.identity = { attempt: 0, freshNo: 1, epoch: 0, welcomedId: undefined };
    this.host = world.network.host(name);
    this.channel = this.createChannel();
    this.tick();
  }

  /** The id of the channel in use. Undefined before a welcome has named it. */
  get channelId(): string | undefined {
    return this.identity.welcomedId;
  }

  /** Dials over one of the paths, whether there is a connection or not: the old one goes on until a welcome comes. */
  dial(): void {
    this.dials.add(new ClientConnection(this, this.world.limits.client, this.random.pick(PATHS)));
  }

  /** Makes the next hello. */
  createHello(): Hello {
    const { identity, channel } = this;
    identity.attempt += 1;
    const { welcomedId: id, epoch } = identity;
    const resume = id === undefined ? undefined : { id, epoch, received: channel.received };
    return { attempt: identity.attempt, freshId: this.freshId, resume };
  }

  /** An answer came. Only the one to the highest attempt counts. */
  answered(connection: ClientConnection, answer: Answer): void {
    if (connection.attempt !== this.identity.attempt) {
      connection.close(CloseCode.CONNECTION_DONE);
      return;
    }
    if (answer.verdict === "ATTEMPT_STALE") {
      this.world.facts.count("stale attempts");
      this.identity.freshNo += 1;
      connection.close(CloseCode.CONNECTION_DONE);
      return;
    }
    this.welcomed(connection, answer);
  }

  /** A connection is over. */
  closed(connection: ClientConnection): void {
    this.dials.delete(connection);
    connection.watched.link.stop();
    if (connection !== this.current) return;
    this.current = undefined;
    this.channel.detach();
  }

  /** The server has ended the connection. */
  wentAway(connection: ClientConnection, code: number): void {
    if (connection === this.current && code === CloseCode.CHANNEL_LOST) {
      this.loseChannel(ChannelLossReason.REPLAY_EVICTED);
    }
    connection.giveUp();
  }

  /** Chooses whether the client is in the background. */
  setHidden(isHidden: boolean): void {
    this.current?.watched.setAcks(isHidden ? "lazy" : "prompt");
  }

  private get freshId(): string {
    return `${this.name}/${this.identity.freshNo}`;
  }

  private welcomed(
    connection: ClientConnection,
    { id, epoch, received, verdict }: Exclude<Answer, { verdict: "ATTEMPT_STALE" }>,
  ): void {
    const { identity, world } = this;
    const older = this.current;
    older?.watched.link.stop();
    if (identity.welcomedId !== undefined && identity.welcomedId !== id)
      this.loseChannel(ChannelLossReason.CHANNEL_UNKNOWN);
    if (identity.welcomedId === undefined) {
      if (id !== this.freshId) throw new Broken(`the welcome names ${id}, not ${this.freshId}`);
      identity.freshNo += 1;
      identity.welcomedId = id;
      identity.epoch = epoch;
      this.channel.setPeerLimits(world.limits.server);
    }
    const { acknowledged, sent } = this.channel;
    if (received < acknowledged || received > sent) {
      throw new Broken(`the welcome says ${received}, with ${acknowledged} acknowledged and ${sent} sent`);
    }
    world.facts.count(verdict === "RESUMED" ? "resumed" : "attached anew");
    this.dials.delete(connection);
    this.current = connection;
    if (!this.channel.attach(received)) throw new Broken(`the client cannot attach at ${received}`);
    connection.watched.bind(this.channel);
    older?.close(CloseCode.CONNECTION_DONE);
  }

  private loseChannel(reason: ChannelLossReason): void {
    this.channel.lose(reason);
    this.world.facts.count("channels lost by the client");
    this.identity.welcomedId = undefined;
    this.channel = this.createChannel();
  }

  private createChannel(): Channel {
    const channel = new Channel({ role: "client", limits: this.world.limits.client });
    this.world.channelMade(channel, this.host);
    return channel;
  }

  /** Gives up what is silent, and dials where there is no connection. */
  private tick(): void {
    const { clock } = this.host;
    const nowMs = clock.now();
    for (const dial of this.dials) if (nowMs - dial.begunAtMs > SILENCE_MS) dial.giveUp();
    if (this.current !== undefined && nowMs - this.current.watched.link.lastReceivedAtMs > SILENCE_MS)
      this.current.giveUp();
    if (this.current === undefined && this.dials.size === 0) this.dial();
    clock.setTimer(this.random.between(50, 1_000), () => this.tick());
  }
}
