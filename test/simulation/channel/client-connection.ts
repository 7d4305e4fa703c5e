import type { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import type { Farewell } from "../../../src/channel/link.ts";
import type { SimulatedHost } from "../../../src/testing/index.ts";
import type { Connection, ConnectionListener } from "../../../src/transport/connection.ts";
import type { LocalChannelLimits } from "../../../src/wire/limits.ts";
import { type Answer, decodeAnswer, encodeGreeting, type Hello } from "./handshake.ts";
import { WatchedLink, type WatchedLinkOwner } from "./watched-link.ts";

/** Whose connection it is. */
export interface ClientConnectionOwner {
  readonly host: SimulatedHost;
  /** The next hello, with a new attempt. */
  createHello(): Hello;
  answered(connection: ClientConnection, answer: Answer): void;
  wentAway(connection: ClientConnection, code: number): void;
  closed(connection: ClientConnection): void;
}

/** One connection of a client, from dialling to its end. */
export class ClientConnection implements ConnectionListener, WatchedLinkOwner {
  /** The attempt of its hello. 0 before it was sent. */
  attempt = 0;
  /** When it was dialled. */
  readonly begunAtMs: number;
  readonly watched: WatchedLink;
  private readonly owner: ClientConnectionOwner;
  private readonly connection: Connection;

  /** Dials. */
  constructor(owner: ClientConnectionOwner, limits: LocalChannelLimits, endpoint: string) {
    const { clock, transport } = owner.host;
    this.owner = owner;
    this.begunAtMs = clock.now();
    this.connection = transport.dial(endpoint, this);
    this.watched = new WatchedLink("client", this.connection, clock, limits, this);
  }

  opened(): void {
    const hello = this.owner.createHello();
    this.attempt = hello.attempt;
    this.watched.link.sendHello(encodeGreeting(hello));
  }

  received(message: Uint8Array | string): void {
    this.watched.receive(message);
  }

  drained(): void {
    this.watched.link.drained();
  }

  closed(): void {
    this.owner.closed(this);
  }

  hello(bytes: Uint8Array): void {
    this.owner.answered(this, decodeAnswer(bytes));
  }

  farewell({ code }: Farewell): void {
    this.owner.wentAway(this, code);
  }

  /** Ends the connection in an orderly way. */
  close(code: CloseCode): void {
    this.watched.link.sendFarewell(code, "");
    this.connection.close(code, "");
  }

  /** Drops the connection. */
  giveUp(): void {
    this.connection.abort();
    this.owner.closed(this);
  }
}
