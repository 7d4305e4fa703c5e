import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import type { Channel } from "../../../src/channel/channel.ts";
import type { Farewell } from "../../../src/channel/link.ts";
import type { SimulatedHost } from "../../../src/testing/index.ts";
import type { Connection, ConnectionListener } from "../../../src/transport/connection.ts";
import { type Answer, decodeHello, encodeGreeting, type Hello } from "./handshake.ts";
import { SILENCE_MS, type Surroundings } from "./surroundings.ts";
import { WatchedLink, type WatchedLinkOwner } from "./watched-link.ts";

/** Who has accepted the connection. */
export interface ServerConnectionOwner {
  greet(connection: ServerConnection, hello: Hello): Answer;
  carriedBy(connection: ServerConnection): { readonly channel: Channel } | undefined;
  closed(connection: ServerConnection): void;
}

const TICK_MS = 500;
const PING_AFTER_MS = 2_000;

/** One connection of the server, from its acceptance to its end. */
export class ServerConnection implements ConnectionListener, WatchedLinkOwner {
  readonly watched: WatchedLink;
  private readonly owner: ServerConnectionOwner;
  private readonly host: SimulatedHost;
  private readonly connection: Connection;
  private pings = 0;
  private phase: "open" | "over" = "open";

  constructor(owner: ServerConnectionOwner, host: SimulatedHost, connection: Connection, { limits }: Surroundings) {
    this.owner = owner;
    this.host = host;
    this.connection = connection;
    this.watched = new WatchedLink("server", connection, host.clock, limits.server, this);
    this.tick();
  }

  opened(): void {}

  received(message: Uint8Array | string): void {
    this.watched.receive(message);
  }

  drained(): void {
    this.watched.link.drained();
  }

  closed(): void {
    this.end();
  }

  hello(bytes: Uint8Array): void {
    const answer = this.owner.greet(this, decodeHello(bytes));
    this.watched.link.sendHello(encodeGreeting(answer));
    const held = this.owner.carriedBy(this);
    if (held === undefined) this.close(CloseCode.ATTEMPT_STALE);
    else this.watched.bind(held.channel);
  }

  farewell({ code }: Farewell): void {
    this.connection.close(code, "");
    this.end();
  }

  /** Ends the connection; nothing that it still delivers counts. */
  close(code: CloseCode): void {
    this.watched.link.sendFarewell(code, "");
    this.connection.close(code, "");
    this.end();
  }

  private end(): void {
    this.phase = "over";
    this.watched.link.stop();
    this.owner.closed(this);
  }

  /** Pings where it is quiet, and drops the connection where nothing comes. */
  private tick(): void {
    if (this.phase === "over") return;
    const { link } = this.watched;
    const nowMs = this.host.clock.now();
    if (nowMs - link.lastReceivedAtMs > SILENCE_MS) {
      this.connection.abort();
      this.end();
      return;
    }
    const isQuiet = nowMs - Math.min(link.lastReceivedAtMs, link.lastSentAtMs) > PING_AFTER_MS;
    if (isQuiet && link.channel !== undefined) {
      this.pings += 1;
      link.sendPing(this.pings);
    }
    this.host.clock.setTimer(TICK_MS, () => this.tick());
  }
}
