import type {
  ConnectionEffect,
  ConnectionEffect_SendHello,
  ConnectionEvent,
  ConnectionState,
} from "../../gen/moorline/machine/v1/connection_moorline.ts";
import { RetryVerdict } from "../../gen/moorline/schema/v1/options_pb.ts";
import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import { ChannelLossReason } from "../../gen/moorline/session/v1/error_pb.ts";
import type { LogEntry, Performer } from "../core/machine.ts";
import type { ResumedEvent } from "./client-events.ts";
import { createClientHello, findOversize } from "./client-hello.ts";
import type { LostChannel } from "./client-instance.ts";
import type { ClientSettings } from "./client-options.ts";
import { ConnectionLiveness, type LivenessOwner } from "./connection-liveness.ts";
import { type Credential, type CredentialAnswer, credentialFailureOf, secretOf } from "./credential.ts";
import { type ConnectionOwner, DialedConnection, type EventInit } from "./dialed-connection.ts";
import { MethodServer } from "./method-server.ts";
import { Pings } from "./pings.ts";
import { SecretScrubber } from "./secret-scrubber.ts";
import { refusalToLossReason } from "./welcome-check.ts";

/** Who owns a {@link ConnectionPerformer}, and the machine that it works for. */
export interface PerformerOwner {
  /** The state of the machine. */
  readonly state: ConnectionState;
  /** Gives the machine an event. */
  dispatch(event: EventInit): void;
  /** Hears of every event. */
  logged(entry: LogEntry<ConnectionState, ConnectionEvent>): void;
  /** Hears what went wrong in somebody's callback. */
  failed(error: unknown): void;
  /** A packet came. */
  packetReceived(): void;
  /** The channel goes on, on a new connection. */
  resumed(event: ResumedEvent): void;
  /** The channel is gone. */
  channelLost(lost: LostChannel): void;
}

/** The attempt that is under way, or the connection that came of it. */
interface Present {
  readonly generation: number;
  /** Undefined while the credential is asked for. */
  readonly connection: DialedConnection | undefined;
}

/** The hands of the connection machine: owns one transport at a time. Spec: INV-3, INV-8. */
export class ConnectionPerformer
  implements Performer<ConnectionState, ConnectionEvent, ConnectionEffect>, ConnectionOwner, LivenessOwner
{
  /** Who waits for pongs. */
  readonly pings = new Pings();
  private readonly settings: ClientSettings;
  private readonly owner: PerformerOwner;
  private readonly liveness: ConnectionLiveness;
  private readonly scrubber: SecretScrubber;
  private readonly server: MethodServer;
  private present: Present | undefined = undefined;
  private lastAttempt = 0;
  /** What the last connection was dialled with. */
  private shown: Credential | undefined = undefined;
  /** Of the connections before the present one. */
  private unknownPacketsBefore = 0;

  constructor(settings: ClientSettings, owner: PerformerOwner) {
    this.settings = settings;
    this.owner = owner;
    this.liveness = new ConnectionLiveness(settings, this);
    this.scrubber = new SecretScrubber(settings.sessionKey);
    this.server = new MethodServer(settings.routes, settings.clock);
  }

  get connection(): DialedConnection | undefined {
    return this.present?.connection;
  }

  /** Packets of all connections with a body that this version does not know. */
  get unknownPackets(): number {
    return this.unknownPacketsBefore + (this.connection?.link.unknownPackets ?? 0);
  }

  /** Listens to the lifecycle of the program from now on, until the machine is disposed. */
  start(): void {
    this.liveness.listen();
  }

  perform({ effect }: ConnectionEffect): void {
    switch (effect.case) {
      case "openTransport":
        this.open(effect.value.generation);
        break;
      case "sendHello":
        this.greet(effect.value);
        break;
      case "attachChannel":
        this.attach(effect.value.generation);
        break;
      case "detachChannel":
        this.settings.instance.detach(effect.value.attempt);
        break;
      case "closeTransport":
        this.close(effect.value.generation, effect.value.code, effect.value.message);
        break;
      case "startTimer":
        this.liveness.start(effect.value);
        break;
      case "cancelTimer":
        this.liveness.cancel(effect.value.timer);
        break;
      case "sendPing":
        this.find(effect.value.generation)?.link.sendPing(this.pings.takeId());
        break;
      case "refreshCredential":
        this.refreshCredential(effect.value.generation);
        break;
      case "loseChannel":
        this.loseChannel(effect.value.reason);
        break;
      case "takeFreshChannelId":
        this.settings.instance.takeFreshChannelId();
        break;
    }
  }

  logged(entry: LogEntry<ConnectionState, ConnectionEvent>): void {
    if (entry.to !== entry.from) this.entered(entry.to);
    this.owner.logged(entry);
  }

  failed(error: unknown): void {
    this.owner.failed(error);
  }

  dispatch(event: EventInit): void {
    this.owner.dispatch(event);
  }

  packetReceived({ generation }: DialedConnection): void {
    const { state } = this.owner.state;
    const isVerifying = state.case === "connected" && state.value.liveness.case === "verifying";
    if (isVerifying) this.dispatch({ case: "packetReceived", value: { generation } });
    this.owner.packetReceived();
  }

  ponged(id: number): void {
    this.pings.ponged(id, this.settings.clock.now());
  }

  ended(connection: DialedConnection): void {
    if (this.connection === connection) this.release();
  }

  /** The daemon that is meant: whoever else takes over its address is not given its session. Empty for any. */
  private get expectedServerId(): string {
    const { expectedServerId, instance } = this.settings;
    return expectedServerId === "" ? instance.serverId : expectedServerId;
  }

  private entered({ state }: ConnectionState): void {
    if (state.case === "disposed") {
      this.liveness.dispose();
      this.settings.callbacks.cancel();
    }
    const isRefused = state.case === "disconnected" && isCredentialRefused(state.value.verdict);
    if (isRefused) this.settings.credentials.forget(this.shown);
  }

  private open(generation: number): void {
    this.release();
    this.present = { generation, connection: undefined };
    this.liveness.watchOver();
    this.settings.credentials.get((answer) => {
      const isWanted = this.present?.generation === generation && this.present.connection === undefined;
      if (isWanted) this.dial(generation, answer);
    });
  }

  private dial(generation: number, answer: CredentialAnswer): void {
    if (answer.kind === "failed") {
      const message = credentialFailureOf(answer.error, "the credential callback failed");
      this.failOpening(generation, message, answer.error);
      return;
    }
    const { credential } = answer;
    this.shown = credential;
    if (credential !== undefined) this.scrubber.add(secretOf(credential));
    const { transport, endpoint, instance, clock, random } = this.settings;
    const { expectedServerId } = this;
    const clean = (text: string): string => this.scrubber.clean(text);
    const options = { generation, instance, expectedServerId, clock, random, clean, owner: this };
    try {
      this.present = { generation, connection: new DialedConnection(transport, endpoint, options) };
    } catch (error) {
      this.failOpening(generation, "the transport failed to dial", error);
    }
  }

  private failOpening(generation: number, message: string, error: unknown): void {
    this.release();
    this.failed(error);
    const { clock, random } = this.settings;
    const value = { generation, nowMs: clock.now(), unitRandom: random.unit(), carriedFrames: false, message };
    this.dispatch({ case: "transportFailed", value });
  }

  private greet({ generation, attempt }: ConnectionEffect_SendHello): void {
    const connection = this.find(generation);
    if (connection === undefined) return;
    this.lastAttempt = attempt;
    const { settings, expectedServerId } = this;
    const { instance } = settings;
    const hello = createClientHello({ ...settings, expectedServerId, credential: this.shown, attempt });
    const message = findOversize(hello, instance.limits.maxFirstPacketBytes);
    if (message === undefined) {
      connection.link.sendHello(hello);
      return;
    }
    this.dispatch({ case: "rejected", value: { ...connection.facts(), code: CloseCode.HELLO_MALFORMED, message } });
  }

  private attach(generation: number): void {
    const connection = this.find(generation);
    if (connection?.accepted === undefined) return;
    const { instance } = this.settings;
    const { welcome, named } = connection.accepted;
    const { peerLimits, server, attachment } = welcome;
    const { received, refusal } = attachment;
    const { serverId, epoch } = server;
    const attached = { named, serverId, epoch, received, peerLimits, lossReason: refusalToLossReason(refusal) };
    const lost = instance.attach(attached, connection);
    const { channel } = instance;
    this.server.serve(channel);
    this.liveness.adopt(connection);
    connection.carry(channel);
    if (lost !== undefined) this.owner.channelLost(lost);
    if (named === "held") this.owner.resumed({ generation, calls: channel.calls.size });
  }

  private close(generation: number, code: CloseCode, message: string): void {
    if (this.present?.generation !== generation) return;
    this.present.connection?.end(code, message);
    this.release();
  }

  private refreshCredential(generation: number): void {
    this.settings.credentials.refresh(this.shown, (answer) => {
      if (answer.kind === "given") {
        this.dispatch({ case: "credentialRefreshed", value: { generation, nowMs: this.settings.clock.now() } });
      } else {
        this.failed(answer.error);
        const message = credentialFailureOf(answer.error, "no new credential could be had");
        this.dispatch({ case: "credentialRefreshFailed", value: { generation, message } });
      }
    });
  }

  /**
   * Where another client of a shared instance has said a newer hello, the channel is that one's; and one that stops takes
   * none away from another that carries it.
   */
  private loseChannel(reason: ChannelLossReason): void {
    const { instance, ownership } = this.settings;
    const isLeft = reason === ChannelLossReason.CLIENT_STOPPED && instance.isCarried;
    if (ownership === "shared" && (isLeft || instance.highestAttempt !== this.lastAttempt)) return;
    const lost = instance.lose(reason);
    if (lost !== undefined) this.owner.channelLost(lost);
  }

  private find(generation: number): DialedConnection | undefined {
    return this.present?.generation === generation ? this.present.connection : undefined;
  }

  private release(): void {
    this.unknownPacketsBefore = this.unknownPackets;
    this.present = undefined;
    this.liveness.rest();
    this.pings.endAll();
  }
}

function isCredentialRefused(verdict: RetryVerdict): boolean {
  return verdict === RetryVerdict.REFRESH_CREDENTIAL || verdict === RetryVerdict.ASK_USER;
}
