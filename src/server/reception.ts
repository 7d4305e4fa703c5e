import type { TransitionContext } from "../machine/transition-log.ts";
import type { Authority, ConnectionInfo } from "./authenticate.ts";
import { answerOf, type ConnectionHost, type HostedConnection, type Welcomed } from "./connection-host.ts";
import { type GreetingOutcome, greet } from "./greeting.ts";
import type { AttachRequest, CheckedHello } from "./handshake.ts";
import { isRefusal, type Refusal } from "./refusal.ts";
import type { ServerChannel } from "./server-channel.ts";
import { ServerTimer } from "./server-timer.ts";
import { encodeWelcome } from "./welcome.ts";

/** The connection of a {@link Reception}. */
export interface Guest extends HostedConnection {
  /** The client broke a rule that is no matter of the hello's content. */
  violate(message: string): void;
  /** The hello is refused. */
  refuse(refusal: Refusal): void;
  /** The hello is accepted, as a probe, or with the attempt of its channel. */
  accept(attempt: number | undefined): void;
  /** The credential has passed its end. */
  credentialExpired(): void;
}

type LogFacts = Pick<TransitionContext, "sessionRef" | "path">;

const noFacts: LogFacts = { sessionRef: "" };

/** The hellos of one connection, and what it was welcomed as. Spec: HELLO, PROBE. */
export class Reception {
  private readonly host: ConnectionHost;
  private readonly guest: Guest;
  /** What is known of the connection beside its hello. Forgotten when no hello can come any more. */
  private info: ConnectionInfo | undefined;
  /** The hello that is being judged. */
  private judging: { cancel: () => void } | undefined = undefined;
  /** What the transition log may say. */
  private facts: LogFacts = noFacts;
  /** The hello that is to be answered. */
  private checked: CheckedHello | undefined = undefined;
  private welcome: Welcomed | undefined = undefined;
  /** The end of the credential. */
  private expiry: ServerTimer | undefined = undefined;

  constructor(host: ConnectionHost, guest: Guest, info: ConnectionInfo) {
    this.host = host;
    this.guest = guest;
    this.info = info;
  }

  /** Whether a hello has come that nobody has decided yet. */
  get isJudging(): boolean {
    return this.judging !== undefined;
  }

  /** What the channel and credential of the connection are. Undefined where it was not welcomed, or is over. */
  get authority(): Authority | undefined {
    return this.welcome?.authority;
  }

  /** The channel that the connection was welcomed with. */
  get channel(): ServerChannel | undefined {
    const purpose = this.welcome?.purpose;
    return purpose?.kind === "session" ? purpose.admission.channel : undefined;
  }

  /** What the transition log may say. */
  get logFacts(): LogFacts {
    return this.facts;
  }

  /** The answer to the hello that was accepted, encoded. Once: the hello is forgotten with it. */
  encodeWelcome(): Uint8Array | undefined {
    const { checked, welcome } = this;
    this.checked = undefined;
    return checked && welcome && encodeWelcome(this.host.answer, answerOf(checked, welcome));
  }

  /** A hello has come, encoded. */
  hello(bytes: Uint8Array): void {
    const { info, welcome } = this;
    if (this.judging !== undefined || info === undefined) {
      this.guest.violate("a second hello");
      return;
    }
    const probe = welcome?.purpose.kind === "probe" ? welcome.purpose : undefined;
    const judging = { cancel: () => {} };
    this.judging = judging;
    judging.cancel = greet(this.host.greeting, { bytes, connection: info, probe }, (outcome) => {
      this.judging = undefined;
      this.decide(outcome);
    });
  }

  /** The connection is over: what was begun ends. */
  close(): void {
    this.judging?.cancel();
    this.judging = undefined;
    this.expiry?.cancel();
    this.releaseProbe();
    this.info = undefined;
    this.welcome = undefined;
  }

  private decide(outcome: GreetingOutcome): void {
    if (outcome.kind === "violation") {
      this.guest.violate(outcome.message);
      return;
    }
    if (outcome.hello !== undefined) this.facts = { sessionRef: outcome.hello.sessionRef, path: outcome.hello.path };
    const refusal = outcome.kind === "refused" ? outcome.refusal : this.decideJudged(outcome);
    if (refusal !== undefined) this.guest.refuse(refusal);
  }

  private decideJudged(judged: GreetingOutcome & { readonly kind: "judged" }): Refusal | undefined {
    const { hello, authority, credentialHash } = judged;
    const { sessionHash, purpose } = hello;
    this.checked = hello;
    if (purpose.kind === "session") return this.attach(hello, purpose, authority);
    const release = this.host.admitProbe(sessionHash);
    if (typeof release !== "function") return release;
    this.accept({ authority, purpose: { kind: "probe", sessionHash, credentialHash, release } });
    this.guest.accept(undefined);
    return undefined;
  }

  private attach(hello: CheckedHello, attach: AttachRequest, authority: Authority): Refusal | undefined {
    const request = { hello, attach, authority, carrier: this.guest };
    const admission = this.host.admit(this.guest, request);
    if (isRefusal(admission)) return admission;
    this.info = undefined;
    this.accept({ authority, purpose: { kind: "session", admission } });
    this.guest.accept(attach.attempt);
    return undefined;
  }

  private accept(welcome: Welcomed): void {
    this.releaseProbe();
    this.welcome = welcome;
    this.host.welcomed(this.guest);
    const { expiresInMs } = welcome.authority;
    this.expiry?.cancel();
    if (expiresInMs === undefined) return;
    const { deadlines, clock } = this.host.context;
    this.expiry = new ServerTimer(deadlines, () => this.guest.credentialExpired());
    this.expiry.start(clock.now() + expiresInMs);
  }

  private releaseProbe(): void {
    if (this.welcome?.purpose.kind === "probe") this.welcome.purpose.release();
  }
}
