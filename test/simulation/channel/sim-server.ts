import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { Channel } from "../../../src/channel/channel.ts";
import type { SimulatedHost } from "../../../src/testing/index.ts";
import { Broken } from "../world.ts";
import type { Answer, Hello } from "./handshake.ts";
import { ServerConnection } from "./server-connection.ts";
import { PATHS, type Surroundings } from "./surroundings.ts";

/** A channel as the server keeps it. */
export interface HeldChannel {
  readonly id: string;
  readonly channel: Channel;
  /** The last attempt that was accepted. */
  attempt: number;
  /** The connection that carries it. */
  connection: ServerConnection | undefined;
}

/** The daemon: it keeps channels by their ids, and forgets them all when it is started again. */
export class SimServer {
  host: SimulatedHost;
  /** The channels of this process. */
  readonly channels = new Map<string, HeldChannel>();
  private readonly world: Surroundings;
  private readonly lostIds = new Set<string>();
  private epoch = 1;

  constructor(world: Surroundings) {
    this.world = world;
    this.host = this.start();
  }

  /** The process dies, and another one takes its place. */
  restart(): void {
    this.host.crash(this.world.random.chance(0.7));
    this.channels.clear();
    this.lostIds.clear();
    this.epoch += 1;
    this.host = this.start();
    this.world.facts.count("server restarts");
  }

  /** A channel is lost for a reason of the server's own. */
  lose(held: HeldChannel, reason: ChannelLossReason): void {
    this.channels.delete(held.id);
    this.lostIds.add(held.id);
    this.world.facts.count("channels lost by the server");
    const { connection } = held;
    held.connection = undefined;
    held.channel.lose(reason);
    connection?.close(CloseCode.CHANNEL_LOST);
  }

  /** Answers a hello: whether it may attach, to what, and the attach itself are one step. */
  greet(connection: ServerConnection, hello: Hello): Answer {
    const { attempt, freshId, resume } = hello;
    const resumed = this.findResumed(resume);
    if (resumed === undefined && this.lostIds.has(freshId)) return { verdict: "ATTEMPT_STALE" };
    const held = resumed ?? this.channels.get(freshId) ?? this.create(freshId);
    if (attempt <= held.attempt) return { verdict: "ATTEMPT_STALE" };
    const older = held.connection;
    held.attempt = attempt;
    held.connection = connection;
    older?.close(CloseCode.SUPERSEDED);
    const position = resumed === undefined ? 0 : (resume?.received ?? 0);
    if (!held.channel.attach(position)) throw new Broken(`the server cannot attach at ${position}`);
    const { received } = held.channel;
    return { verdict: resumed ? "RESUMED" : "REATTACHED", id: held.id, epoch: this.epoch, received };
  }

  /** The channel that a connection carries. */
  carriedBy(connection: ServerConnection): HeldChannel | undefined {
    return [...this.channels.values()].find((held) => held.connection === connection);
  }

  /** A connection is over. */
  closed(connection: ServerConnection): void {
    const held = this.carriedBy(connection);
    if (held === undefined) return;
    held.connection = undefined;
    held.channel.detach();
  }

  private findResumed(resume: Hello["resume"]): HeldChannel | undefined {
    if (resume === undefined || resume.epoch !== this.epoch) return undefined;
    const held = this.channels.get(resume.id);
    if (held === undefined || resume.received <= held.channel.sent) return held;
    this.world.facts.count("positions ahead");
    this.lose(held, ChannelLossReason.POSITION_IMPOSSIBLE);
    return undefined;
  }

  private create(id: string): HeldChannel {
    const { limits } = this.world;
    const channel = new Channel({ role: "server", limits: limits.server, peerLimits: limits.client });
    const held: HeldChannel = { id, channel, attempt: 0, connection: undefined };
    this.channels.set(id, held);
    this.world.channelMade(channel, this.host);
    return held;
  }

  private start(): SimulatedHost {
    const host = this.world.network.host("daemon");
    for (const path of PATHS)
      host.listen(path, (connection) => new ServerConnection(this, host, connection, this.world));
    return host;
  }
}
