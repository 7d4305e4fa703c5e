import type {
  ServerConnectionEffect,
  ServerConnectionEvent,
  ServerConnectionState,
} from "../../gen/moorline/machine/v1/server_connection_pb.ts";
import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
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
import type { Authority, ConnectionInfo } from "./authenticate.ts";
import { answerOf, type ConnectionHost, type HostedConnection, type Welcomed } from "./connection-host.ts";
import { type GreetingOutcome, greet } from "./greeting.ts";
import type { AttachRequest, CheckedHello } from "./handshake.ts";
import { Heartbeat } from "./heartbeat.ts";
import { MeteredSocket } from "./metered-socket.ts";
import { isRefusal, type Refusal } from "./refusal.ts";
import { countOne, logTransition } from "./server-context.ts";
import { ServerTimer } from "./server-timer.ts";
import { encodeRejection, encodeWelcome } from "./welcome.ts";

const MAX_TEXT_LENGTH = 200;

/** One connection on the server: performs what its machine decides. Spec: SRV, HELLO, PROBE. */
export class ServerConnection
  implements
    ConnectionListener,
    LinkOwner,
    HostedConnection,
    Performer<ServerConnectionState, ServerConnectionEvent, ServerConnectionEffect>
{
  private readonly host: ConnectionHost;
  private readonly connection: Connection;
  private readonly socket: MeteredSocket;
  private readonly link: Link;
  private readonly runner: Runner<
    ServerConnectionState,
    ServerConnectionEvent,
    ServerConnectionEffect,
    ServerConnectionConfig
  >;
  /** What is known of the connection beside its hello. Forgotten when no hello can come any more. */
  private info: ConnectionInfo | undefined;
  /** The hello that is being judged. */
  private judging: { cancel: () => void } | undefined = undefined;
  /** The last hello that could be checked. */
  private checked: CheckedHello | undefined = undefined;
  private welcome: Welcomed | undefined = undefined;
  private heartbeat: Heartbeat | undefined = undefined;
  /** The timer of the machine. */
  private timer: ServerTimer | undefined = undefined;
  /** The end of the credential. */
  private expiry: ServerTimer | undefined = undefined;

  /** @param host The server. @param connection What a transport has accepted. @param info What is known of it. */
  constructor(host: ConnectionHost, connection: Connection, info: ConnectionInfo) {
    const { clock, limits } = host.context;
    this.host = host;
    this.connection = connection;
    this.info = info;
    this.socket = new MeteredSocket(connection, host.heldBytes);
    this.link = new Link({ role: "server", sink: this.socket, clock, owner: this, limits: limits.channel });
    const config = { helloTimeoutMs: limits.handshake.helloTimeoutMs, probeMs: limits.probe.lifetimeMs };
    const start = startServerConnection(clock.now(), config);
    this.runner = new Runner(serverConnectionMachine, config, this, start.state);
    this.runner.start(start.effects);
  }

  get phase(): "awaitingHello" | "probing" | "attached" | "closed" {
    return this.runner.getSnapshot().state.case ?? "closed";
  }

  get credentialId(): string | undefined {
    return this.welcome?.authority.credentialId;
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
    this.link.receive(message);
  }

  drained(): void {
    this.link.drained();
    this.heartbeat?.drained();
  }

  closed({ code, reason }: ConnectionClose): void {
    this.transportClosed(code, reason);
  }

  hello(bytes: Uint8Array): void {
    const { info, welcome } = this;
    if (this.judging !== undefined || info === undefined) return this.violate("a second hello");
    const probe = welcome?.purpose.kind === "probe" ? welcome.purpose : undefined;
    const judging = { cancel: () => {} };
    this.judging = judging;
    judging.cancel = greet(this.host.greeting, { bytes, connection: info, probe }, (outcome) => {
      this.judging = undefined;
      this.greeted(outcome);
    });
  }

  farewell({ code, message }: Farewell): void {
    if (this.phase !== "awaitingHello") {
      return this.dispatch({ case: "goodbye", value: { code: code as CloseCode, message: cut(message) } });
    }
    if (this.judging === undefined) return this.violate("a goodbye came before the hello");
    // The client does not want to wait for the answer any longer.
    this.transportClosed(code, message);
    this.connection.close(code, "");
  }

  pong(): void {}

  violated(code: CloseCode, violation: Violation): void {
    const purpose = this.welcome?.purpose;
    this.host.context.counters.violations += 1;
    if (violation.kind === "position_impossible" && purpose?.kind === "session") {
      return purpose.admission.channel.disagree();
    }
    this.dispatch({ case: "violated", value: { code, message: violation.message } });
  }

  perform({ effect }: ServerConnectionEffect): void {
    switch (effect.case) {
      case "sendWelcome":
        return this.sendWelcome();
      case "sendRejection":
        return this.sendRejection(effect.value.code, effect.value.message, effect.value.retryAfterMs);
      case "sendGoAway":
        return this.sendGoAway(effect.value.code, effect.value.message);
      case "closeTransport":
        return this.connection.close(effect.value.code, effect.value.message);
      case "startHeartbeat":
        return this.startHeartbeat();
      case "stopHeartbeat":
        return this.heartbeat?.stop();
      case "startTimer":
        this.timer = new ServerTimer(this.host.context.deadlines, () => this.timeIsUp());
        return this.timer.start(effect.value.atMs);
      case "cancelTimer":
        return this.timer?.cancel();
      default:
        return this.release(effect);
    }
  }

  logged(entry: LogEntry<ServerConnectionState, ServerConnectionEvent>): void {
    const { checked } = this;
    const facts = checked === undefined ? { sessionRef: "" } : { sessionRef: checked.sessionRef, path: checked.path };
    logTransition(this.host.context, serverConnectionMachine, entry, facts);
  }

  failed(error: unknown): void {
    this.host.context.reporter.failed("a connection", error);
  }

  private dispatch(event: Parameters<typeof serverConnectionEvent>[0]): void {
    this.runner.dispatch(serverConnectionEvent(event));
    if (this.phase === "closed") this.leave();
  }

  private violate(message: string): void {
    this.violated(CloseCode.PROTOCOL_VIOLATION, { kind: "violation", message });
  }

  private transportClosed(code: number, reason: string): void {
    if (this.phase === "closed") return;
    this.dispatch({ case: "transportClosed", value: { code: code as CloseCode, message: cut(reason) } });
  }

  private greeted(outcome: GreetingOutcome): void {
    if (outcome.kind === "violation") return this.violate(outcome.message);
    this.checked = outcome.hello ?? this.checked;
    if (outcome.kind === "refused") return this.refuse(outcome.refusal);
    const { hello, authority, credentialHash } = outcome;
    const { sessionHash } = hello;
    if (hello.purpose.kind === "session") return this.attach(hello, hello.purpose, authority);
    const release = this.host.admitProbe(sessionHash);
    if (typeof release !== "function") return this.refuse(release);
    this.accept({ authority, purpose: { kind: "probe", sessionHash, credentialHash, release } });
    this.dispatch({
      case: "helloAccepted",
      value: { purpose: { case: "probe", value: { nowMs: this.host.context.clock.now() } } },
    });
  }

  private attach(hello: CheckedHello, attach: AttachRequest, authority: Authority): void {
    const { principal } = authority;
    const admission = this.host.admit(this, { hello, attach, principal, carrier: this });
    if (isRefusal(admission)) return this.refuse(admission);
    const { attempt } = attach;
    const isPromotion = this.phase === "probing";
    this.info = undefined;
    this.accept({ authority, purpose: { kind: "session", admission } });
    if (isPromotion) this.dispatch({ case: "promoted", value: { attempt } });
    else this.dispatch({ case: "helloAccepted", value: { purpose: { case: "session", value: { attempt } } } });
  }

  private accept(welcome: Welcomed): void {
    this.releaseProbe();
    this.welcome = welcome;
    this.host.welcomed(this);
    const { expiresInMs } = welcome.authority;
    this.expiry?.cancel();
    if (expiresInMs === undefined) return;
    const { deadlines, clock } = this.host.context;
    this.expiry = new ServerTimer(deadlines, () => this.credentialExpired());
    this.expiry.start(clock.now() + expiresInMs);
  }

  private refuse({ code, message, retryAfterMs }: Refusal): void {
    countOne(this.host.context.counters.rejected, code);
    const retryAfter = retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterMs) };
    const value = { code, message, ...retryAfter };
    this.dispatch(this.phase === "probing" ? { case: "promotionRefused", value } : { case: "helloRefused", value });
  }

  private timeIsUp(): void {
    if (this.phase === "probing") return this.dispatch({ case: "expired", value: {} });
    // A hello that has come in time is judged in a time of its own.
    if (this.judging === undefined) this.dispatch({ case: "helloTimedOut", value: {} });
  }

  private credentialExpired(): void {
    if (this.phase === "attached") this.dispatch({ case: "credentialExpired", value: {} });
    else this.goAway(CloseCode.CREDENTIAL_EXPIRED, "the credential has expired");
  }

  private startHeartbeat(): void {
    const { clock, deadlines, limits } = this.host.context;
    const onMissing = (): void => {
      this.host.context.counters.pongMissing += 1;
      this.dispatch({ case: "pongMissing", value: {} });
    };
    const { link, socket } = this;
    this.heartbeat = new Heartbeat({ clock, deadlines, limits: limits.liveness, link, socket, onMissing });
  }

  private sendWelcome(): void {
    const { welcome, checked } = this;
    if (welcome === undefined || checked === undefined) return;
    if (welcome.purpose.kind === "probe") this.link.open();
    this.link.sendHello(encodeWelcome(this.host.answer, answerOf(checked, welcome)));
  }

  private sendRejection(code: CloseCode, message: string, retryAfterMs: number | undefined): void {
    const retryAfter = retryAfterMs === undefined ? {} : { retryAfterMs };
    this.link.sendHello(encodeRejection(this.host.answer, { code, message, ...retryAfter }));
  }

  private sendGoAway(code: CloseCode, message: string): void {
    const { hint } = this.host;
    this.link.sendFarewell(code, message, hint && { ...hint, unknown: undefined });
  }

  private release(effect: ServerConnectionEffect["effect"]): void {
    const purpose = this.welcome?.purpose;
    if (purpose?.kind !== "session") return;
    const { channel } = purpose.admission;
    if (effect.case === "detachChannel") channel.connectionLost(effect.value.attempt);
    if (effect.case === "endChannel") channel.done(effect.value.attempt);
  }

  private releaseProbe(): void {
    if (this.welcome?.purpose.kind === "probe") this.welcome.purpose.release();
  }

  /** The connection is over: what it has begun ends. */
  private leave(): void {
    this.link.stop();
    this.judging?.cancel();
    this.judging = undefined;
    this.expiry?.cancel();
    this.releaseProbe();
    this.info = undefined;
    this.welcome = undefined;
    this.host.left(this);
  }
}

/** Texts of the peer go to logs; they have no business to be long. */
function cut(text: string): string {
  return text.slice(0, MAX_TEXT_LENGTH);
}
