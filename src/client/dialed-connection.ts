import type { ConnectionEvent } from "../../gen/moorline/machine/v1/connection_moorline.ts";
import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import type { ChannelLossReason } from "../../gen/moorline/session/v1/error_pb.ts";
import type { ReconnectHint } from "../../gen/moorline/session/v1/packet_moorline.ts";
import type { Violation } from "../channel/accept.ts";
import type { Channel } from "../channel/channel.ts";
import { type Farewell, Link, type LinkOwner } from "../channel/link.ts";
import { MAX_HINT_MS } from "../core/backoff.ts";
import type { Clock } from "../core/clock.ts";
import type { Random } from "../core/random.ts";
import type { Connection, ConnectionClose, ConnectionListener, Transport } from "../transport/connection.ts";
import { toVerdictCode } from "../wire/verdict.ts";
import type { Carrier, ClientInstance, NamedChannel } from "./client-instance.ts";
import {
  cleanServerInfo,
  type HelloRejection,
  readServerAnswer,
  type ServerAnswer,
  type SessionWelcome,
} from "./server-answer.ts";
import { checkWelcome } from "./welcome-check.ts";

/** An event of the connection machine. */
export type EventInit = ConnectionEvent["event"];

/** Who owns a {@link DialedConnection}. */
export interface ConnectionOwner {
  /** Something happened that the machine has to hear. */
  dispatch(event: EventInit): void;
  /** A packet came, and the connection goes on. */
  packetReceived(connection: DialedConnection): void;
  /** A pong came. */
  ponged(id: number): void;
  /** Nothing more comes from the connection. */
  ended(connection: DialedConnection): void;
}

/** What a connection is dialled with. */
export interface DialOptions {
  /** The generation that its events bring back. */
  readonly generation: number;
  /** The owner of the channel. */
  readonly instance: ClientInstance;
  /** The daemon that is meant; empty for any. */
  readonly expectedServerId: string;
  /** Time. */
  readonly clock: Clock;
  /** Chance, for the events. */
  readonly random: Random;
  /** Takes secrets out of what the daemon says. */
  readonly clean: (text: string) => string;
  /** Who hears of it. */
  readonly owner: ConnectionOwner;
}

/** A Welcome that was accepted. */
export interface AcceptedWelcome {
  /** What it says. */
  readonly welcome: SessionWelcome;
  /** Which of the offered channels it names. */
  readonly named: NamedChannel;
}

/** How far the channel had come when the connection began to carry it. */
interface Baseline {
  readonly channel: Channel;
  readonly progress: number;
}

const SECOND_ANSWER: ServerAnswer = {
  kind: "broken",
  code: CloseCode.PROTOCOL_VIOLATION,
  message: "a second answer to the hello",
};

/** `leaving`: one side has said its last packet. `over`: nothing that it still does counts. */
type Phase = "dialing" | "greeting" | "welcomed" | "leaving" | "over";

/** One connection of a client, from its dialling to its end: what happens on it becomes events of its generation. */
export class DialedConnection implements ConnectionListener, LinkOwner, Carrier {
  /** The attempt of its hello; 0 before it is open. */
  attempt = 0;
  /** The Welcome that it got, once one was accepted. */
  accepted: AcceptedWelcome | undefined = undefined;
  /** Its packets. */
  readonly link: Link;
  private readonly options: DialOptions;
  private readonly connection: Connection;
  private phase: Phase = "dialing";
  private baseline: Baseline | undefined = undefined;

  /** Dials. May throw what the transport throws. */
  constructor(transport: Transport, endpoint: string, options: DialOptions) {
    const { clock, instance } = options;
    this.options = options;
    this.connection = transport.dial(endpoint, this);
    this.link = new Link({ role: "client", sink: this.connection, clock, owner: this, limits: instance.limits });
  }

  /** The generation that its events bring back. */
  get generation(): number {
    return this.options.generation;
  }

  /** Whether its Welcome was accepted and it goes on. */
  get isWelcomed(): boolean {
    return this.phase === "welcomed";
  }

  /** Carries the channel that its Welcome named, which is attached already. */
  carry(channel: Channel): void {
    this.baseline = { channel, progress: progressOf(channel) };
    this.link.bind(channel);
  }

  /**
   * Ends the connection from this side; it reports nothing more.
   * @param code Said in a goodbye. UNSPECIFIED: none is said.
   */
  end(code: CloseCode, message: string): void {
    const isPeerLeaving = this.phase === "leaving";
    this.phase = "over";
    if (code !== CloseCode.UNSPECIFIED) this.link.sendFarewell(code, message);
    else this.link.stop();
    if (code !== CloseCode.UNSPECIFIED) this.connection.close(code, message);
    else if (isPeerLeaving) this.connection.close(CloseCode.CONNECTION_DONE, "");
    else this.connection.abort();
  }

  superseded(): void {
    this.leave("a newer connection of this client carries the channel");
  }

  opened(): void {
    if (this.phase !== "dialing") return;
    this.phase = "greeting";
    this.attempt = this.options.instance.takeAttempt();
    this.dispatch({ case: "transportOpened", value: { ...this.facts(), attempt: this.attempt } });
  }

  received(message: Uint8Array | string): void {
    if (this.phase === "over" || this.phase === "leaving") return;
    this.link.receive(message);
    if (this.isWelcomed) this.options.owner.packetReceived(this);
  }

  drained(): void {
    this.link.drained();
  }

  closed({ code, reason, cause }: ConnectionClose): void {
    this.link.stop();
    if (this.phase === "over") return;
    const message = this.options.clean(reason);
    const value = { ...this.facts(), message };
    this.phase = "over";
    if (cause === "failed") this.dispatch({ case: "transportFailed", value });
    else this.dispatch({ case: "transportClosed", value: { ...value, code: toVerdictCode(code) } });
    this.options.owner.ended(this);
  }

  hello(bytes: Uint8Array): void {
    const answer = this.phase === "greeting" ? readServerAnswer(bytes) : SECOND_ANSWER;
    const isOutdated = this.attempt !== this.options.instance.highestAttempt && isFenced(answer);
    // Another client of the instance has taken over, or is about to.
    if (isOutdated) this.leave("a newer hello of this client was sent");
    else if (answer.kind === "broken") this.violate(answer.code, answer.message);
    else if (answer.kind === "rejection") this.reject(answer.rejection);
    else this.welcome(answer.welcome);
  }

  farewell({ code, message, hint, channelLoss }: Farewell): void {
    if (code === CloseCode.SUPERSEDED) {
      this.leave(message);
      return;
    }
    const told = {
      code: code as CloseCode,
      message: this.options.clean(message),
      channelLoss: channelLoss as ChannelLossReason,
    };
    this.phase = "leaving";
    const more = hint === undefined ? {} : { hint: toMachineHint(hint) };
    this.dispatch({ case: "wentAway", value: { ...this.facts(), ...told, ...more } });
  }

  pong(id: number): void {
    this.options.owner.ponged(id);
  }

  violated(code: CloseCode, { message }: Violation): void {
    this.violate(code, message);
  }

  private violate(code: CloseCode, message: string): void {
    if (this.phase === "greeting") this.dispatch({ case: "welcomeRefused", value: { ...this.facts(), code, message } });
    else this.dispatch({ case: "violated", value: { ...this.facts(), code, message } });
  }

  private leave(message: string): void {
    if (this.phase === "over" || this.phase === "leaving") return;
    const value = { ...this.facts(), message: this.options.clean(message) };
    this.phase = "leaving";
    this.dispatch({ case: "superseded", value });
  }

  private reject({ code, message, retryAfterMs }: HelloRejection): void {
    const value = { ...this.facts(), code, message: this.options.clean(message) };
    this.phase = "leaving";
    this.dispatch({ case: "rejected", value: retryAfterMs === undefined ? value : { ...value, retryAfterMs } });
  }

  private welcome(welcome: SessionWelcome): void {
    const { instance, expectedServerId } = this.options;
    const verdict = checkWelcome(welcome, instance, expectedServerId);
    if (verdict.kind === "refused") {
      this.violate(verdict.code, verdict.message);
      return;
    }
    this.phase = "welcomed";
    this.accepted = { welcome, named: verdict.named };
    const { clean } = this.options;
    const { attachment, hint, silenceMs, credentialExpiresInMs } = welcome;
    const named = { server: cleanServerInfo(welcome.server, clean), sessionRef: clean(welcome.sessionRef) };
    const more = {
      ...(hint === undefined ? {} : { hint }),
      ...(credentialExpiresInMs === undefined ? {} : { credentialExpiresInMs }),
    };
    this.dispatch({ case: "welcomed", value: { ...this.facts(), ...named, attachment, silenceMs, ...more } });
  }

  private dispatch(event: EventInit): void {
    this.options.owner.dispatch(event);
  }

  /** What events say of the connection; each takes what it has a field for. */
  facts(): ConnectionFacts {
    const { generation, clock, random } = this.options;
    const { baseline } = this;
    const carriedFrames = baseline !== undefined && progressOf(baseline.channel) > baseline.progress;
    return { generation, nowMs: clock.now(), unitRandom: random.unit(), carriedFrames };
  }
}

interface ConnectionFacts {
  readonly generation: number;
  readonly nowMs: number;
  readonly unitRandom: number;
  readonly carriedFrames: boolean;
}

/** Rises with every frame that is numbered, accepted or acknowledged. */
function progressOf(channel: Channel): number {
  return channel.sent + channel.received + channel.acknowledged;
}

/** Whether an answer means something only where it answers the highest attempt. Spec: ATTEMPT-3, ATTEMPT-4. */
function isFenced(answer: ServerAnswer): boolean {
  return (
    answer.kind === "welcome" || (answer.kind === "rejection" && answer.rejection.code === CloseCode.ATTEMPT_STALE)
  );
}

function toMachineHint(hint: ReconnectHint): { afterMs: number; jitterMs: number } {
  return { afterMs: Math.min(hint.afterMs, MAX_HINT_MS), jitterMs: Math.min(hint.jitterMs, MAX_HINT_MS) };
}
