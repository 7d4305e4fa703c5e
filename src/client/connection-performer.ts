import {
  type ConnectionEffect,
  type ConnectionEffect_AttachChannel,
  type ConnectionEffect_SendHello,
  type ConnectionEffect_StartTimer,
  type ConnectionEvent,
  type ConnectionState,
  ConnectionTimer,
} from "../../gen/moorline/machine/v1/connection_pb.ts";
import { RetryVerdict } from "../../gen/moorline/schema/v1/options_pb.ts";
import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import type { ChannelLossReason } from "../../gen/moorline/session/v1/error_pb.ts";
import type { LogEntry, Performer } from "../core/machine.ts";
import type { ResumedEvent } from "./client-events.ts";
import { createClientHello } from "./client-hello.ts";
import type { LostChannel } from "./client-instance.ts";
import type { ClientSettings } from "./client-options.ts";
import { ConnectionTimers, type RunningTimer, type TimerOwner } from "./connection-timers.ts";
import { type Credential, type CredentialAnswer, CredentialSource, secretOf } from "./credential.ts";
import { type ConnectionOwner, DialedConnection, type EventInit } from "./dialed-connection.ts";
import { MethodServer } from "./method-server.ts";
import { Pings } from "./pings.ts";
import { SecretScrubber } from "./secret-scrubber.ts";
import { type Visibility, type WakeOwner, WakeWatch } from "./wake-watch.ts";
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
  readonly credential: Credential | undefined;
  /** Undefined while the credential is asked for. */
  readonly connection: DialedConnection | undefined;
}

/** The tags and lengths around a hello in its packet, at most. */
const HELLO_OVERHEAD_BYTES = 16;

/** The hands of the connection machine: owns one transport at a time, and its timers. Spec: INV-3, INV-8. */
export class ConnectionPerformer
  implements Performer<ConnectionState, ConnectionEvent, ConnectionEffect>, ConnectionOwner, TimerOwner, WakeOwner
{
  /** Who waits for pongs. */
  readonly pings = new Pings();
  private readonly settings: ClientSettings;
  private readonly owner: PerformerOwner;
  private readonly timers: ConnectionTimers;
  private readonly watch: WakeWatch;
  private readonly credentials: CredentialSource;
  private readonly scrubber: SecretScrubber;
  private readonly server: MethodServer;
  private present: Present | undefined = undefined;
  private lastAttempt = 0;

  constructor(settings: ClientSettings, owner: PerformerOwner) {
    const { clock, liveness } = settings;
    this.settings = settings;
    this.owner = owner;
    this.timers = new ConnectionTimers(clock, this);
    this.watch = new WakeWatch(clock, liveness, this);
    this.credentials = new CredentialSource(settings.credential);
    this.scrubber = new SecretScrubber(settings.sessionKey);
    this.server = new MethodServer(settings.routes, clock);
  }

  /** The connection, where it was welcomed and goes on. */
  get connection(): DialedConnection | undefined {
    const connection = this.present?.connection;
    return connection?.isWelcomed === true ? connection : undefined;
  }

  /** Listens to the lifecycle of the program from now on, until the machine is disposed. */
  start(): void {
    this.watch.listen(this.settings.lifecycle);
  }

  perform({ effect }: ConnectionEffect): void {
    switch (effect.case) {
      case "openTransport":
        return this.open(effect.value.generation);
      case "sendHello":
        return this.greet(effect.value);
      case "attachChannel":
        return this.attach(effect.value);
      case "detachChannel":
        return this.settings.instance.detach(effect.value.attempt);
      case "closeTransport":
        return this.close(effect.value.generation, effect.value.code, effect.value.message);
      case "startTimer":
        return this.startTimer(effect.value);
      case "cancelTimer":
        return this.timers.cancel(effect.value.timer);
      case "sendPing":
        return this.find(effect.value.generation)?.link.sendPing(this.pings.takeId());
      case "refreshCredential":
        return this.refreshCredential(effect.value.generation);
      case "loseChannel":
        return this.loseChannel(effect.value.reason);
      case "takeFreshChannelId":
        return this.settings.instance.takeFreshChannelId();
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

  packetReceived(connection: DialedConnection): void {
    const { state } = this.owner.state;
    if (state.case === "connected" && state.value.liveness.case === "verifying") {
      this.dispatch({ case: "packetReceived", value: { generation: connection.generation } });
    }
    this.owner.packetReceived();
  }

  ponged(id: number): void {
    this.pings.ponged(id, this.settings.clock.now());
  }

  ended(connection: DialedConnection): void {
    if (this.present?.connection === connection) this.release();
  }

  beforeDue(): void {
    this.watch.check();
  }

  due(timer: RunningTimer): void {
    const { generation, atMs } = timer;
    const at = { generation, nowMs: this.settings.clock.now(), unitRandom: this.settings.random.unit() };
    switch (timer.name) {
      case ConnectionTimer.CONNECT:
        return this.dispatch({ case: "connectTimedOut", value: at });
      case ConnectionTimer.HELLO:
        return this.dispatch({ case: "helloTimedOut", value: at });
      case ConnectionTimer.SILENCE:
        return this.checkSilence(timer);
      case ConnectionTimer.VERIFY:
        return this.giveUp(generation, { verifyUntilMs: atMs });
      case ConnectionTimer.RETRY:
        return this.dispatch({ case: "retryDue", value: at });
    }
  }

  slept(gapMs: number): void {
    this.timers.shift(gapMs);
  }

  doubted(): void {
    if (this.connection === undefined) return;
    this.dispatch({ case: "verifyRequested", value: { nowMs: this.settings.clock.now() } });
  }

  visibilityChanged(visibility: Visibility): void {
    this.present?.connection?.link.setAcks(visibility === "hidden" ? "lazy" : "prompt");
    if (visibility === "hidden") return this.timers.hold(ConnectionTimer.SILENCE);
    const silenceMs = this.present?.connection?.accepted?.welcome.silenceMs ?? this.settings.liveness.silenceMs;
    this.timers.resume(ConnectionTimer.SILENCE, this.settings.clock.now() + silenceMs);
  }

  private entered({ state }: ConnectionState): void {
    if (state.case === "disposed") this.watch.dispose();
    if (state.case === "disconnected" && isCredentialRefused(state.value.verdict)) this.credentials.forget();
  }

  private open(generation: number): void {
    this.release();
    this.present = { generation, credential: undefined, connection: undefined };
    this.watch.start();
    this.credentials.get((answer) => {
      if (this.present?.generation === generation && this.present.connection === undefined) this.dial(generation, answer);
    });
  }

  private dial(generation: number, answer: CredentialAnswer): void {
    if (answer.kind === "failed") return this.failOpening(generation, "the credential callback failed", answer.error);
    const { credential } = answer;
    if (credential !== undefined) this.scrubber.add(secretOf(credential));
    const { transport, endpoint, instance, expectedServerId, clock, random } = this.settings;
    const clean = (text: string): string => this.scrubber.clean(text);
    const options = { generation, instance, expectedServerId, clock, random, clean, owner: this };
    try {
      this.present = { generation, credential, connection: new DialedConnection(transport, endpoint, options) };
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
    const { program, sessionKey, expectedServerId, instance } = this.settings;
    const credential = this.present?.credential;
    const hello = createClientHello({ program, sessionKey, expectedServerId, credential, instance, attempt });
    const max = instance.limits.maxFirstPacketBytes - HELLO_OVERHEAD_BYTES;
    if (hello.length <= max) return connection.link.sendHello(hello);
    const message = `the hello has ${hello.length} bytes, more than ${max}: its credential or names are too long`;
    this.dispatch({ case: "rejected", value: { ...connection.facts(), code: CloseCode.HELLO_MALFORMED, message } });
  }

  private attach({ generation }: ConnectionEffect_AttachChannel): void {
    const connection = this.find(generation);
    if (connection?.accepted === undefined) return;
    const { instance } = this.settings;
    const { welcome, named } = connection.accepted;
    const { received, refusal } = welcome.attachment;
    const { peerLimits, server } = welcome;
    const attached = { named, epoch: server.epoch, received, peerLimits, lossReason: refusalToLossReason(refusal) };
    const lost = instance.attach(attached, connection);
    const { channel } = instance;
    this.server.serve(channel);
    if (this.watch.visibility === "hidden") connection.link.setAcks("lazy");
    connection.carry(channel);
    if (lost !== undefined) this.owner.channelLost(lost);
    if (named === "held") this.owner.resumed({ generation, calls: channel.calls.size });
  }

  private close(generation: number, code: CloseCode, message: string): void {
    if (this.present?.generation !== generation) return;
    this.present.connection?.end(code, message);
    this.release();
  }

  private startTimer({ timer: name, generation, atMs }: ConnectionEffect_StartTimer): void {
    this.timers.start({ name, generation, atMs });
    if (name === ConnectionTimer.SILENCE && this.watch.visibility === "hidden") this.timers.hold(name);
  }

  /** Any packet counts, so the timer is moved to where the last one puts it. */
  private checkSilence({ name, generation }: RunningTimer): void {
    const connection = this.find(generation);
    if (connection?.accepted === undefined) return;
    const atMs = connection.link.lastReceivedAtMs + connection.accepted.welcome.silenceMs;
    if (atMs > this.settings.clock.now()) this.timers.start({ name, generation, atMs });
    else this.giveUp(generation, {});
  }

  private giveUp(generation: number, check: { readonly verifyUntilMs?: number }): void {
    const connection = this.find(generation);
    if (connection === undefined) return;
    this.dispatch({ case: "livenessLost", value: { ...connection.facts(), ...check } });
  }

  private refreshCredential(generation: number): void {
    this.credentials.refresh((answer) => {
      if (answer.kind === "given") {
        return this.dispatch({ case: "credentialRefreshed", value: { generation, nowMs: this.settings.clock.now() } });
      }
      this.failed(answer.error);
      this.dispatch({ case: "credentialRefreshFailed", value: { generation, message: "no new credential could be had" } });
    });
  }

  /** Where another client of a shared instance has said a newer hello, the channel is that one's. */
  private loseChannel(reason: ChannelLossReason): void {
    const { instance, ownership } = this.settings;
    if (ownership === "shared" && instance.highestAttempt !== this.lastAttempt) return;
    const lost = instance.lose(reason);
    if (lost !== undefined) this.owner.channelLost(lost);
  }

  private find(generation: number): DialedConnection | undefined {
    return this.present?.generation === generation ? this.present.connection : undefined;
  }

  private release(): void {
    this.present = undefined;
    this.watch.stop();
    this.pings.endAll();
  }
}

function isCredentialRefused(verdict: RetryVerdict): boolean {
  return verdict === RetryVerdict.REFRESH_CREDENTIAL || verdict === RetryVerdict.ASK_USER;
}
