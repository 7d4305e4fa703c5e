import { type CloseCodeName, closeCodeActions } from "../../gen/moorline/session/v1/close_code_moorline.ts";
import type { NodeErrorCode } from "./node-actions.ts";
import { nameOfCode } from "./verdict.ts";

/** What to do about what went wrong on this side alone, also on a page. The schema says it for close codes. */
const LOCAL_ACTIONS = {
  CALLBACK_TIMED_OUT:
    "Have the function answer or throw in time, or give limits.callbackTimeoutMs, then call retry or ensureConnected.",
  CLOSE_CODE_UNKNOWN: "Update this side: the peer gives a reason which this version does not know.",
  CREDENTIAL_REFRESH_FAILED: "Sign in again, then call ensureConnected.",
  DAEMON_UNREACHABLE:
    "Check the address and that the daemon runs; a page of another site needs its origin in `allowedOrigins`.",
  DISPOSED: "Create a new client: a disposed one is never revived.",
  ENDPOINT_MALFORMED: "Give an address such as wss://daemon.example/ or ws://localhost:4242/.",
  FRAGMENT_MALFORMED: "Open the address again exactly as the daemon has printed it.",
  HOST_UNKNOWN: "Name a host that the fleet has, or give the provider a host; useFleet says which hosts there are.",
  IDENTITY_KEY_MALFORMED: "Give the 32 bytes of the daemon's X25519 public key.",
  INSECURE_ENDPOINT: "Use wss://, or reach the daemon on this machine by ws://localhost.",
  INSTALL_SECRET_MALFORMED: "Restore it from a backup, or remove it: then every session begins anew.",
  NOT_A_DAEMON: "Give the address of a daemon of Moorline, as it prints it when it starts.",
  NOT_CONNECTED: "Call ensureConnected; the connection state says why there is no connection.",
  OPTION_INVALID: "Give the option a value in its range.",
  PROVIDER_MISSING: "Put a MoorlineProvider with a `host` or a `fleet` around the components that use it.",
  RANDOM_FAILED: "Give a source of chance whose bytes(length) returns as many bytes as it is asked for.",
  REGISTRY_CORRUPT: "Look at the copy that is kept beside the registry, and add the hosts in it anew.",
  REGISTRY_NEWER: "Update this program: a newer version of it has written the registry.",
  SERVER_ID_MALFORMED: "Give the server id as the daemon prints it: 43 characters of base64url.",
  SESSION_KEY_UNAVAILABLE: "Look at what was told to onError, then start again.",
  STORAGE_CLOSED: "Open the storage again: a closed one is never used any more.",
  STORAGE_CORRUPT: "Nothing has to be done where it is a copy: it was dropped, and is loaded anew.",
  STORAGE_FAILED: "Make the storage readable and writable, then try again; nothing was replaced.",
  STORAGE_FULL: "Delete what is not needed any more, or give the storage more room; what was shown is kept.",
  STORAGE_TIMED_OUT:
    "Close other programs and tabs that use the storage, then start again; it is done without until then.",
  STORAGE_UNSUPPORTED: "Use another storage for the install secret.",
  TIMELINE_WINDOW_FULL: "Give the timeline a higher `maxItems`; what it shows goes up to its end.",
  UNEXPECTED: "Look at the cause; where it lies in Moorline, report it as a bug.",
} as const satisfies Record<string, string>;

/** A code of {@link MoorlineError} that stands for no close code. */
export type LocalErrorCode = keyof typeof LOCAL_ACTIONS | NodeErrorCode;

/** Why something failed: the name of a close code, as in a rejection, or a reason of this side alone. */
export type MoorlineErrorCode = CloseCodeName | LocalErrorCode;

/** A code that says by itself what to do: every one but those that only programs on Node have. */
export type SharedErrorCode = Exclude<MoorlineErrorCode, NodeErrorCode>;

const ACTIONS: Readonly<Partial<Record<MoorlineErrorCode, string>>> = { ...closeCodeActions, ...LOCAL_ACTIONS };

/** What a {@link MoorlineError} may be given beside its code and text. */
export interface MoorlineErrorOptions {
  /** What to do, in one sentence. Default: what the schema, or this file, says for the code. */
  readonly action?: string;
  /** What led to the error. Must have no secret in it. */
  readonly cause?: unknown;
  /** The number that the peer gave. Default: none, the error is of this side. */
  readonly closeCode?: number;
}

/**
 * The one error of Moorline. `code` is what programs decide by; `message` has the code, what went wrong and what to do,
 * and never a key, a token or an address. Spec: LOG-3.
 */
export class MoorlineError extends Error {
  override readonly name = "MoorlineError";
  /** Why, as a closed set of names. */
  readonly code: MoorlineErrorCode;
  /** What went wrong, for people. */
  readonly text: string;
  /** What to do, in one sentence. */
  readonly action: string;
  /** The number that the peer gave, where it gave one: also one that this version has no name for. */
  readonly closeCode: number | undefined;

  /**
   * @param code Why. @param text What went wrong, as a sentence.
   * @param options What to do, which has to be given where the code does not say it, and the cause.
   */
  constructor(code: SharedErrorCode, text: string, options?: MoorlineErrorOptions);
  constructor(code: MoorlineErrorCode, text: string, options: MoorlineErrorOptions & { readonly action: string });
  constructor(code: MoorlineErrorCode, text: string, options: MoorlineErrorOptions = {}) {
    const action = options.action ?? ACTIONS[code] ?? "";
    super(`[${code}] ${text} ${action}`, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.text = text;
    this.action = action;
    this.closeCode = options.closeCode;
  }

  /** The error for a close code that the peer gave, with what it said. Never throws, whatever the number. */
  static fromCloseCode(closeCode: number, text: string): MoorlineError {
    const code = nameOfCode(closeCode) ?? "CLOSE_CODE_UNKNOWN";
    return new MoorlineError(code, text || `The peer closed with ${closeCode}.`, { closeCode });
  }

  /**
   * Whatever was thrown, as a MoorlineError: itself if it is one, else UNEXPECTED with the error as cause and its message
   * as text. What is no Error is named by its type and dropped, because it may be, or hold, a secret.
   */
  static from(thrown: unknown): MoorlineError {
    if (thrown instanceof MoorlineError) return thrown;
    if (thrown instanceof Error) return new MoorlineError("UNEXPECTED", thrown.message, { cause: thrown });
    return new MoorlineError("UNEXPECTED", `Something that is no Error was thrown, of the type ${typeof thrown}.`);
  }
}
