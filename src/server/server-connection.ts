import type {
  ServerConnectionEffect,
  ServerConnectionEvent,
  ServerConnectionState,
} from "../../gen/moorline/machine/v1/server_connection_pb.ts";
import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import type { Path } from "../../gen/moorline/session/v1/packet_pb.ts";
import type { Violation } from "../channel/accept.ts";
import type { Channel } from "../channel/channel.ts";
import { type Farewell, Link, type LinkOwner } from "../channel/link.ts";
import type { LogEntry, Performer } from "../core/machine.ts";
import { Runner } from "../core/runner.ts";
import {
  type ServerConnectionConfig,
  serverConnectionEvent,
  serverConnectionMachine,
  startServerConnection,
} from "../machine/server-connection.ts";
import type { Connection, ConnectionClose, ConnectionListener } from "../transport/connection.ts";
import type { ConnectionInfo } from "./authenticate.ts";
import type { ConnectionHost } from "./connection-host.ts";
import { Heartbeat, type HeartbeatOwner } from "./heartbeat.ts";
import { MeteredSocket } from "./metered-socket.ts";
import { type Guest, Reception } from "./reception.ts";
import type { Refusal } from "./refusal.ts";
import { countOne, logTransition } from "./server-context.ts";
import { ServerTimer } from "./server-timer.ts";
import { encodeRejection } from "./welcome.ts";

type State = ServerConnectionState;
type Event = ServerConnectionEvent;
type Effect = ServerConnectionEffect;

const MAX_TEXT_LENGTH = 200;

/** One connection on the server: performs what its machine decides. Spec: SRV. */
export class ServerConnection
  implements ConnectionListener, LinkOwner, Guest, HeartbeatOwner, Performer<State, Event, Effect>
{
  private readonly host: ConnectionHost;
  private readonly connection: Connection;
  private readonly socket: MeteredSocket;
  private readonly link: Link;
  private readonly reception: Reception;
  private readonly runner: Runner<State, Event, Effect, ServerConnectionConfig>;
  private heartbeat: Heartbeat | undefined = undefined;
  /** The timer of the machine. */
  private timer: ServerTimer | undefined = undefined;

  /** @param host The server. @param connection What a transport has accepted. @param info What is known of it. */
  constructor(host: ConnectionHost, connection: Connection, info: ConnectionInfo) {
    const { clock, limits } = host.context;
    this.host = host;
    this.connection = connection;
    this.socket = new MeteredSocket(connection, host.heldBytes, host.context.counters);
    this.link = new Link({ role: "server", sink: this.socket, clock, owner: this, limits: limits.channel });
    this.reception = new Reception(host, this, info);
    const start = startServerConnection(clock.now(), host.machine);
    this.runner = new Runner(serverConnectionMachine, host.machine, this, start.state);
    this.runner.start(start.effects);
  }

  get phase(): "awaitingHello" | "probing" | "attached" | "closed" {
    return this.runner.getSnapshot().state.case ?? "closed";
  }

  get path(): Path | undefined {
    return this.reception.logFacts.path;
  }

  get credentialId(): string | undefined {
    return this.reception.authority?.credentialId;
  }

  goAway(code: CloseCode, message: string): void {
    this.dispatch({ case: "wentAway", value: { code, message } });
  }

  revoke(): void {
    if (this.phase === "attached") this.dispatch({ case: "credentialRevoked", value: {} });
    else this.goAway(CloseCode.REVOKED, "the credential was revoked");
  }

  carry(channel: Channel): void {
    this.link.bind(channel);
  }

  end(code: CloseCode): void {
    if (code === CloseCode.SUPERSEDED) this.dispatch({ case: "superseded", value: {} });
    else if (code === CloseCode.SESSION_ENDED) this.dispatch({ case: "sessionEnded", value: {} });
    else this.goAway(code, "the channel is lost");
  }

  opened(): void {}

  received(message: Uint8Array | string): void {
    this.host.heldBytes.note(message.length);
    this.host.context.counters.receivedBytes += message.length;
    try {
      this.link.receive(message);
    } catch (error) {
      this.failed(error);
      this.goAway(CloseCode.INTERNAL, "the daemon has failed inside");
    }
  }

  drained(): void {
    this.link.drained();
    this.heartbeat?.drained();
  }

  closed({ code, reason }: ConnectionClose): void {
    if (this.phase !== "closed") this.transportClosed(code, reason);
  }

  hello(bytes: Uint8Array): void {
    this.reception.hello(bytes);
  }

  farewell({ code, message }: Farewell): void {
    if (this.phase !== "awaitingHello") {
      this.dispatch({ case: "goodbye", value: { code: code as CloseCode, message: cut(message) } });
    } else if (!this.reception.isJudging) {
      this.violate("a goodbye came before the hello");
    } else {
      // The client does not want to wait for the answer any longer.
      this.transportClosed(code, message);
      this.connection.close(code, "");
    }
  }

  pong(): void {}

  pongMissing(): void {
    this.host.context.counters.pongMissing += 1;
    this.dispatch({ case: "pongMissing", value: {} });
  }

  violated(code: CloseCode, violation: Violation): void {
    const { channel } = this.reception;
    this.host.context.counters.violations += 1;
    if (violation.kind === "position_impossible" && channel !== undefined) channel.disagree();
    else this.dispatch({ case: "violated", value: { code, message: violation.message } });
  }

  violate(message: string): void {
    this.violated(CloseCode.PROTOCOL_VIOLATION, { kind: "violation", message });
  }

  refuse({ code, message, retryAfterMs }: Refusal): void {
    countOne(this.host.context.counters.rejected, code);
    const retryAfter = retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterMs) };
    const value = { code, message, ...retryAfter };
    this.dispatch(this.phase === "probing" ? { case: "promotionRefused", value } : { case: "helloRefused", value });
  }

  accept(attempt: number | undefined): void {
    const nowMs = this.host.context.clock.now();
    if (attempt === undefined) {
      this.dispatch({ case: "helloAccepted", value: { purpose: { case: "probe", value: { nowMs } } } });
    } else if (this.phase === "probing") {
      this.dispatch({ case: "promoted", value: { attempt } });
    } else {
      this.dispatch({ case: "helloAccepted", value: { purpose: { case: "session", value: { attempt } } } });
    }
  }

  credentialExpired(): void {
    if (this.phase === "attached") this.dispatch({ case: "credentialExpired", value: {} });
    else this.goAway(CloseCode.CREDENTIAL_EXPIRED, "the credential has expired");
  }

  perform({ effect }: Effect): void {
    switch (effect.case) {
      case "sendWelcome":
        this.sendWelcome();
        break;
      case "sendRejection":
        this.link.sendHello(encodeRejection(this.host.answer, effect.value));
        break;
      case "sendGoAway":
        this.sendGoAway(effect.value.code, effect.value.message);
        break;
      case "closeTransport":
        this.connection.close(effect.value.code, effect.value.message);
        this.leave();
        break;
      case "startHeartbeat":
        this.startHeartbeat();
        break;
      case "stopHeartbeat":
        this.heartbeat?.stop();
        break;
      case "startTimer":
        this.timer = new ServerTimer(this.host.context.deadlines, () => this.timeIsUp());
        this.timer.start(effect.value.atMs);
        break;
      case "cancelTimer":
        this.timer?.cancel();
        this.timer = undefined;
        break;
      case "detachChannel":
        this.reception.channel?.connectionLost(effect.value.attempt);
        break;
      case "endChannel":
        this.reception.channel?.done(effect.value.attempt);
        break;
    }
  }

  logged(entry: LogEntry<State, Event>): void {
    logTransition(this.host.context, serverConnectionMachine, entry, this.reception.logFacts);
  }

  failed(error: unknown): void {
    this.host.context.reporter.failed("a connection", error);
  }

  private dispatch(event: Parameters<typeof serverConnectionEvent>[0]): void {
    this.runner.dispatch(serverConnectionEvent(event));
  }

  private transportClosed(code: number, reason: string): void {
    this.dispatch({ case: "transportClosed", value: { code: code as CloseCode, message: cut(reason) } });
    this.leave();
  }

  private timeIsUp(): void {
    if (this.phase === "probing") this.dispatch({ case: "expired", value: {} });
    // A hello that has come in time is judged in a time of its own.
    else if (!this.reception.isJudging) this.dispatch({ case: "helloTimedOut", value: {} });
  }

  private startHeartbeat(): void {
    this.heartbeat = new Heartbeat(this.host.context, this.link, this.socket, this);
  }

  private sendGoAway(code: CloseCode, message: string): void {
    const channelLoss = code === CloseCode.CHANNEL_LOST ? this.reception.channel?.lossReason : undefined;
    this.link.sendFarewell(code, message, this.host.hint, channelLoss);
  }

  private sendWelcome(): void {
    const welcome = this.reception.encodeWelcome();
    if (welcome === undefined) return;
    if (this.reception.channel === undefined) this.link.open();
    this.link.sendHello(welcome);
  }

  /** The connection is over: what it has begun ends. */
  private leave(): void {
    this.link.stop();
    this.reception.close();
    if (this.host.left(this)) this.host.context.counters.unknownPackets += this.link.unknownPackets;
  }
}

/** Texts of the peer go to logs; they have no business to be long. */
function cut(text: string): string {
  return text.slice(0, MAX_TEXT_LENGTH);
}
