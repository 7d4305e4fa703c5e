import type { ChannelLossReason } from "../../../../gen/moorline/session/v1/error_pb.ts";
import { Channel } from "../../../../src/channel/channel.ts";
import { Link } from "../../../../src/channel/link.ts";
import type { Clock } from "../../../../src/core/clock.ts";
import type { SimulatedClock } from "../../../../src/testing/simulated-clock.ts";
import { channelLimits, type LocalChannelLimits } from "../../../../src/wire/limits.ts";

/** The two ends of a channel, joined in memory by links as on a real connection. */
export class JoinedChannels<C extends Clock = SimulatedClock> {
  readonly clock: C;
  readonly client: Channel;
  readonly server: Channel;
  /** What either side said of the other: must stay empty. */
  readonly violations: string[] = [];
  private links: readonly Link[] = [];

  /**
   * @param clock Time. @param limits The limits of both sides, where they are not the default.
   * @param believed What each side believes of the other's limits. Default: the truth.
   */
  constructor(clock: C, limits: Partial<LocalChannelLimits> = {}, believed: Partial<LocalChannelLimits> = limits) {
    this.clock = clock;
    const own = { limits: { ...channelLimits, ...limits }, peerLimits: { ...channelLimits, ...believed } };
    this.client = new Channel({ role: "client", ...own });
    this.server = new Channel({ role: "server", ...own });
  }

  /** Connects the two ends, again where they were connected before. */
  attach(): this {
    this.detach();
    const client = this.createLink("client", () => server);
    const server = this.createLink("server", () => client);
    this.links = [client, server];
    const received = this.server.received;
    this.server.attach(this.client.received);
    this.client.attach(received);
    server.bind(this.server);
    client.bind(this.client);
    return this;
  }

  /** Cuts the connection: what is under way is gone. */
  detach(): void {
    for (const link of this.links) link.stop();
    this.client.detach();
    this.server.detach();
  }

  /** The channel is lost, at both ends. */
  lose(reason: ChannelLossReason): void {
    this.detach();
    this.client.lose(reason);
    this.server.lose(reason);
  }

  private createLink(role: "client" | "server", peer: () => Link): Link {
    const sink = { bufferedBytes: 0, send: (packet: Uint8Array) => this.clock.defer(() => peer().receive(packet)) };
    const owner = {
      hello: () => {},
      farewell: () => {},
      pong: () => {},
      violated: (code: number, { message }: { readonly message: string }) => {
        this.violations.push(`${role}: ${code} ${message}`);
      },
    };
    return new Link({ role, sink, clock: this.clock, owner });
  }
}
