import type {
  ProbeEffect,
  ProbeEffect_StartTimer,
  ProbeEvent,
  ProbeState,
} from "../../gen/moorline/machine/v1/probe_moorline.ts";
import { ProbeTimer } from "../../gen/moorline/machine/v1/probe_pb.ts";
import { RetryVerdict } from "../../gen/moorline/schema/v1/options_pb.ts";
import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import type { Timer } from "../core/clock.ts";
import type { LogEntry, Performer } from "../core/machine.ts";
import { bytesToBase64url } from "../wire/base64url.ts";
import { channelLimits, livenessLimits } from "../wire/limits.ts";
import { verdictOf } from "../wire/verdict.ts";
import { createProbeHello, findOversize } from "./client-hello.ts";
import { type Credential, type CredentialAnswer, credentialFailureOf, secretOf } from "./credential.ts";
import { ProbeConnection, type ProbeEventInit } from "./probe-connection.ts";
import type { ProbeSettings } from "./probe-options.ts";
import type { PromotedConnection } from "./promoted-connection.ts";
import { SecretScrubber } from "./secret-scrubber.ts";

/** Who owns a {@link ProbePerformer}, and the machine that it works for. */
export interface ProbeOwner {
  /** Gives the machine an event. */
  dispatch(event: ProbeEventInit): void;
  /** Hears of every event. */
  logged(entry: LogEntry<ProbeState, ProbeEvent>): void;
  /** Hears what went wrong in somebody's callback. */
  failed(error: unknown): void;
}

const INSTANCE_ID_BYTES = 16;

/** The hands of the probe machine. They touch no client instance. Spec: INV-7, PROBE-6. */
export class ProbePerformer implements Performer<ProbeState, ProbeEvent, ProbeEffect> {
  private readonly settings: ProbeSettings;
  private readonly owner: ProbeOwner;
  /** What the connection is handed over to. */
  private readonly heir: PromotedConnection;
  private readonly scrubber: SecretScrubber;
  private readonly timers = new Map<ProbeTimer, Timer>();
  /** `asking`: the credential is asked for. `over`: there is none any more. */
  private connection: ProbeConnection | "asking" | "over" = "asking";
  private credential: Credential | undefined = undefined;

  constructor(settings: ProbeSettings, heir: PromotedConnection, owner: ProbeOwner) {
    this.settings = settings;
    this.heir = heir;
    this.owner = owner;
    this.scrubber = new SecretScrubber(settings.sessionKey);
  }

  perform({ effect }: ProbeEffect): void {
    switch (effect.case) {
      case "openTransport":
        this.settings.credentials.get((answer) => this.dial(answer));
        break;
      case "sendHello":
        this.greet();
        break;
      case "sendPing":
        this.present?.sendPing(effect.value.ping);
        break;
      case "handOver":
        this.present?.handOver(this.heir);
        this.connection = "over";
        break;
      case "closeTransport":
        this.present?.end(effect.value.code, effect.value.message);
        this.connection = "over";
        break;
      case "startTimer":
        this.startTimer(effect.value);
        break;
      case "cancelTimer":
        this.cancelTimer(effect.value.timer);
        break;
    }
  }

  logged(entry: LogEntry<ProbeState, ProbeEvent>): void {
    const { state } = entry.to;
    if (state.case === "closed") this.settings.callbacks.cancel();
    if (entry.to !== entry.from && state.case === "closed" && isCredentialRefused(state.value.code)) {
      this.settings.credentials.forget(this.credential);
    }
    this.owner.logged(entry);
  }

  failed(error: unknown): void {
    this.owner.failed(error);
  }

  private get present(): ProbeConnection | undefined {
    return typeof this.connection === "string" ? undefined : this.connection;
  }

  private dial(answer: CredentialAnswer): void {
    if (this.connection !== "asking") return;
    if (answer.kind === "failed") {
      const message = credentialFailureOf(answer.error, "the credential callback failed");
      this.giveUp(answer.error, { case: "credentialFailed", value: { message } });
      return;
    }
    this.credential = answer.credential;
    if (answer.credential !== undefined) this.scrubber.add(secretOf(answer.credential));
    const clean = (text: string): string => this.scrubber.clean(text);
    const dispatch = (event: ProbeEventInit): void => this.owner.dispatch(event);
    const { transport, endpoint, expectedServerId, clock } = this.settings;
    try {
      this.connection = new ProbeConnection({ transport, endpoint, expectedServerId, clock, clean, dispatch });
    } catch (error) {
      this.giveUp(error, { case: "transportFailed", value: { message: "the transport failed to dial" } });
    }
  }

  private giveUp(error: unknown, event: ProbeEventInit): void {
    this.connection = "over";
    this.failed(error);
    this.owner.dispatch(event);
  }

  private greet(): void {
    const { settings, credential } = this;
    const instanceId = bytesToBase64url(settings.random.bytes(INSTANCE_ID_BYTES));
    const hello = createProbeHello({ ...settings, credential }, instanceId);
    const message = findOversize(hello, channelLimits.maxFirstPacketBytes);
    if (message === undefined) this.present?.sendHello(hello);
    else this.owner.dispatch({ case: "rejected", value: { code: CloseCode.HELLO_MALFORMED, message } });
  }

  private startTimer(start: ProbeEffect_StartTimer): void {
    const { timer, atMs } = start;
    this.cancelTimer(timer);
    const { clock } = this.settings;
    const handle = clock.setTimer(Math.max(0, atMs - clock.now()), () => this.due(start));
    this.timers.set(timer, handle);
  }

  private cancelTimer(timer: ProbeTimer): void {
    this.timers.get(timer)?.cancel();
    this.timers.delete(timer);
  }

  private due({ timer, atMs, ping }: ProbeEffect_StartTimer): void {
    this.timers.delete(timer);
    // Who has slept could not hear, which is no fault of the path.
    const hasSlept = this.settings.clock.now() - atMs > livenessLimits.wakeGapMs;
    switch (hasSlept ? ProbeTimer.EXPIRY : timer) {
      case ProbeTimer.OPEN:
        this.owner.dispatch({ case: "openTimedOut", value: {} });
        break;
      case ProbeTimer.ANSWER:
        this.owner.dispatch({ case: "answerTimedOut", value: {} });
        break;
      case ProbeTimer.PONG:
        this.owner.dispatch({ case: "pongTimedOut", value: { ping } });
        break;
      case ProbeTimer.EXPIRY:
        this.owner.dispatch({ case: "expired", value: {} });
        break;
    }
  }
}

function isCredentialRefused(code: CloseCode): boolean {
  if (code === CloseCode.UNSPECIFIED) return false;
  const verdict = verdictOf(code);
  return verdict === RetryVerdict.REFRESH_CREDENTIAL || verdict === RetryVerdict.ASK_USER;
}
