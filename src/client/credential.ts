import type { Clock } from "../core/clock.ts";
import { systemClock } from "../transport/system-clock.ts";
import { MoorlineError } from "../wire/moorline-error.ts";
import { Callbacks } from "./callbacks.ts";

/** Whom a client stands for, as it shows it to the daemon. A secret. */
export type Credential =
  /** For example the content of the daemon's token file. */
  | { readonly bearerToken: string }
  /** The token of a pairing offer; may call the pairing service only. */
  | { readonly pairingToken: string };

/** Gives the credential, a new one each time that it is asked. Nothing, where there is none. */
export type CredentialCallback = () => Credential | undefined | Promise<Credential | undefined>;

/** What came of asking for a credential. */
export type CredentialAnswer =
  | { readonly kind: "given"; readonly credential: Credential | undefined }
  | { readonly kind: "failed"; readonly error: unknown };

/** Whether a value has the form of a credential: one of the two tokens, and not empty. */
export function isCredential(value: unknown): value is Credential {
  if (typeof value !== "object" || value === null) return false;
  const { bearerToken, pairingToken } = value as { readonly bearerToken?: unknown; readonly pairingToken?: unknown };
  const token = bearerToken === undefined ? pairingToken : bearerToken;
  return typeof token === "string" && token !== "" && (bearerToken === undefined || pairingToken === undefined);
}

/**
 * Why there is no credential, for people: that a function has not answered. What it has thrown may have a secret in it, and is
 * not repeated. @param otherwise What is said then.
 */
export function credentialFailureOf(error: unknown, otherwise: string): string {
  return error instanceof MoorlineError && error.code === "CALLBACK_TIMED_OUT" ? error.text : otherwise;
}

/** The secret text of a credential. */
export function secretOf(credential: Credential): string {
  return "bearerToken" in credential ? credential.bearerToken : credential.pairingToken;
}

/** `unknown`: nobody was asked yet. `asking`: the callback runs, and there is nothing to use until it has answered. */
type SourceState =
  | { readonly name: "unknown" }
  | { readonly name: "asking"; readonly answer: Promise<CredentialAnswer> }
  | {
      readonly name: "known";
      readonly credential: Credential | undefined;
      /** The callback runs for another one, while this one is still good. */
      readonly renewal?: Promise<CredentialAnswer>;
    };

/**
 * The credential of a client, or of all clients and probes of a host that share the source: asked for once, kept until it is
 * refused, then asked for anew, once for all whom it was refused. Made by {@link createCredentialSource}. Spec: RETRY-5, RETRY-6.
 */
export class CredentialSource {
  private readonly callback: CredentialCallback | undefined;
  private state: SourceState;

  /** @param option The credential itself, a callback that gives it, or none. @param callbacks Asks the callback. */
  constructor(option: Credential | CredentialCallback | undefined, callbacks: Callbacks) {
    this.callback = typeof option === "function" ? () => callbacks.ask("credential", option) : undefined;
    this.state = typeof option === "function" ? { name: "unknown" } : { name: "known", credential: option };
  }

  /** Whether another credential can be had: there is a callback to ask. */
  get isRenewable(): boolean {
    return this.callback !== undefined;
  }

  /** Gives the credential to `take`: at once where it is known, else as soon as the callback has answered. */
  get(take: (answer: CredentialAnswer) => void): void {
    if (this.state.name === "known") take({ kind: "given", credential: this.state.credential });
    else void (this.state.name === "asking" ? this.state.answer : this.ask()).then(take);
  }

  /**
   * Tells `take` of another credential than the one that was refused: the one that somebody else was given meanwhile, or
   * what the callback gives. None is a failure.
   */
  refresh(refused: Credential | undefined, take: (answer: CredentialAnswer) => void): void {
    if (this.callback === undefined) {
      take({ kind: "failed", error: new Error("there is no callback to ask for another credential") });
      return;
    }
    this.forget(refused);
    this.get((answer) => take(requireOne(answer)));
  }

  /**
   * Asks the callback for another credential while the present one is still good, and goes on giving that one until there
   * is an answer; also where that is none. What somebody has said meanwhile goes before the answer. Spec: RETRY-6, RETRY-7.
   */
  renew(take: (answer: CredentialAnswer) => void): void {
    if (this.state.name !== "known" || this.callback === undefined) {
      this.refresh(undefined, take);
      return;
    }
    const { credential } = this.state;
    const renewal = this.state.renewal ?? run(this.callback).then(requireOne);
    this.state = { name: "known", credential, renewal };
    void renewal.then((answer) => {
      if (this.state.name !== "known" || this.state.renewal !== renewal) {
        this.get((other) => take(requireOne(other)));
        return;
      }
      this.state = { name: "known", credential: answer.kind === "given" ? answer.credential : credential };
      take(answer);
    });
  }

  /** A credential was refused: where it is the present one, the callback is asked again before the next hello. */
  forget(refused: Credential | undefined): void {
    if (this.callback === undefined || this.state.name !== "known") return;
    if (textOf(this.state.credential) !== textOf(refused)) return;
    const { renewal } = this.state;
    this.state = renewal === undefined ? { name: "unknown" } : this.await(renewal);
  }

  /**
   * Whatever was given before counts no more, also what a run of the callback is about to give: somebody has signed in, or
   * out. Spec: RETRY-6.
   */
  invalidate(): void {
    if (this.callback !== undefined) this.state = { name: "unknown" };
  }

  private ask(): Promise<CredentialAnswer> {
    const asking = this.await(run(this.callback));
    this.state = asking;
    return asking.answer;
  }

  private await(running: Promise<CredentialAnswer>): Extract<SourceState, { name: "asking" }> {
    const answer = running.then((result) => {
      if (this.state.name !== "asking" || this.state.answer !== answer) return result;
      this.state = result.kind === "given" ? { name: "known", credential: result.credential } : { name: "unknown" };
      return result;
    });
    return { name: "asking", answer };
  }
}

/** How a source of credentials is made. */
export interface CredentialSourceOptions {
  /** How long the callback may take, in milliseconds. Default 60,000. After that it has failed, and may be asked again. */
  readonly callbackTimeoutMs?: number;
  /** Time. Default: the system's. */
  readonly clock?: Clock;
}

/**
 * A source of credentials that several clients and probes can be given as their `credential`: the callback is asked once for
 * all of them, and again when what it gave was refused, or it has failed.
 * @param option The credential itself, or a callback that gives it.
 * @throws MoorlineError OPTION_INVALID. Spec: RETRY-6.
 */
export function createCredentialSource(
  option: Credential | CredentialCallback | undefined,
  { callbackTimeoutMs, clock = systemClock }: CredentialSourceOptions = {},
): CredentialSource {
  return new CredentialSource(option, new Callbacks(clock, callbackTimeoutMs));
}

/**
 * The source of a credential option: the one that was given, or one of its own.
 * @param callbacks Asks the callback of one of its own.
 * @throws MoorlineError OPTION_INVALID, without the value.
 */
export function resolveCredential(
  option: Credential | CredentialCallback | CredentialSource | undefined,
  callbacks: Callbacks,
): CredentialSource {
  if (option instanceof CredentialSource) return option;
  if (option === undefined || typeof option === "function" || isCredential(option)) {
    return new CredentialSource(option, callbacks);
  }
  throw new MoorlineError("OPTION_INVALID", "The option credential is no credential.", {
    action: "Give { bearerToken } or { pairingToken }, a function that does, or a source from createCredentialSource.",
  });
}

/** None is no answer where there must be one. */
function requireOne(answer: CredentialAnswer): CredentialAnswer {
  const isMissing = answer.kind === "given" && answer.credential === undefined;
  return isMissing ? { kind: "failed", error: new Error("the credential callback gave none") } : answer;
}

/** What two credentials are compared by. */
function textOf(credential: Credential | undefined): string {
  return credential === undefined ? "" : secretOf(credential);
}

async function run(callback: CredentialCallback | undefined): Promise<CredentialAnswer> {
  try {
    const credential = await callback?.();
    if (credential === undefined || isCredential(credential)) return { kind: "given", credential };
    return { kind: "failed", error: new Error("the credential callback gave no { bearerToken } or { pairingToken }") };
  } catch (error) {
    return { kind: "failed", error };
  }
}
