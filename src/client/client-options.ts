import type { Interceptor } from "@connectrpc/connect";
import type { Path } from "../../gen/moorline/session/v1/packet_pb.ts";
import type { Clock } from "../core/clock.ts";
import type { Random } from "../core/random.ts";
import type { ConnectionConfig } from "../machine/connection.ts";
import type { TransitionSink } from "../machine/transition-log.ts";
import type { CodecSource } from "../rpc/message-format.ts";
import type { ServedRoutes } from "../rpc/served-routes.ts";
import type { Transport } from "../transport/connection.ts";
import { systemClock } from "../transport/system-clock.ts";
import { systemRandom } from "../transport/system-random.ts";
import { createWebSocketTransport } from "../transport/web-socket.ts";
import { checkRange, MAX_UINT32 } from "../wire/check-given.ts";
import {
  channelLimits,
  creditRange,
  handshakeLimits,
  type LivenessLimits,
  type LocalChannelLimits,
  livenessLimits,
  unaryTimeoutMs,
} from "../wire/limits.ts";
import { MoorlineError } from "../wire/moorline-error.ts";
import { parseServerId } from "../wire/server-id.ts";
import { parseSessionKey, type SessionKey } from "../wire/session-key.ts";
import { sessionRefOf } from "../wire/session-ref.ts";
import { Callbacks } from "./callbacks.ts";
import type { ClientProgram } from "./client-hello.ts";
import { ClientInstance } from "./client-instance.ts";
import { type Credential, type CredentialCallback, type CredentialSource, resolveCredential } from "./credential.ts";
import { parseEndpoint } from "./endpoint.ts";
import { type LifecycleSource, noLifecycle } from "./lifecycle.ts";
import { checkPath, checkProgram } from "./option-checks.ts";

/** How a DaemonClient is made. */
export interface DaemonClientOptions {
  /** The address of the daemon: `wss://…`, or `ws://` to this machine. No query, no secret. */
  readonly endpoint: string;
  /** The client's identity towards the daemon, from createSessionKey, parseSessionKey, or loadOrCreateSessionKey. */
  readonly sessionKey: SessionKey;
  /** The program that the client is part of. */
  readonly client: ClientProgram;
  /** The server id of the daemon that is meant. Default: that of the first one that answers. */
  readonly expectedServerId?: string;
  /**
   * Whom the client stands for, or a callback that gives it, again whenever it was refused, or the source that several
   * clients and probes share. Default: nobody.
   */
  readonly credential?: Credential | CredentialCallback | CredentialSource;
  /** What connections are dialled with. Default: the platform's WebSocket. */
  readonly transport?: Transport;
  /** The path that the transport takes, as hellos and the transition log say it. Default DIRECT. */
  readonly path?: Path;
  /** Services that the daemon may call on this client, from `serveRoutes` of `moorline/serve`. Default none. */
  readonly routes?: ServedRoutes;
  /** Wrap each call that is made, the first one outermost. Default none. */
  readonly interceptors?: readonly Interceptor[];
  /** The codecs of messages, for example from createGeneratedCodecs. Default: those that work for every message. */
  readonly codecs?: CodecSource;
  /** The deadline of unary calls that name none, in milliseconds; 0 for none. Default 60 s. Streams have none. */
  readonly defaultTimeoutMs?: number;
  /** Tells when the program is hidden, shown, online. Default: never; pages give createBrowserLifecycle(). */
  readonly lifecycle?: LifecycleSource;
  /** Limits other than the defaults. Those of channels belong to the instance, where one is given. */
  readonly limits?: Partial<ClientLimits>;
  /** Time. Default: the system's. */
  readonly clock?: Clock;
  /** Chance. Default: the system's. */
  readonly random?: Random;
  /** The owner of the channel, where it goes on after this client. Default: one of the client's own, which ends with it. */
  readonly instance?: ClientInstance;
  /** Whether the client dials again by itself. Default true; false where somebody else owns reconnecting. */
  readonly redial?: boolean;
  /** Takes the transition log. */
  readonly onTransition?: TransitionSink;
  /** Hears what listeners, callbacks and the transport have thrown. Default: nobody does, and the client goes on. */
  readonly onError?: (error: unknown) => void;
}

/** What a client keeps to, where it may differ. */
export interface ClientLimits {
  /** Credit that each call of the daemon starts with, 1 KiB to 16 MiB. Default 256 KiB. */
  readonly initialCreditBytes: number;
  /** The largest message that the client takes. Default 16 MiB. */
  readonly maxMessageBytes: number;
  /** Calls of the daemon that may be open at once. Default 256. */
  readonly maxCalls: number;
  /** A connection must be open by then, in milliseconds. Default 10 s. */
  readonly openTimeoutMs: number;
  /** A hello must be answered by then, in milliseconds. Default 5 s. */
  readonly answerTimeoutMs: number;
  /** How long a wake check waits for any packet, in milliseconds. Default 3 s. */
  readonly wakeTimeoutMs: number;
  /**
   * How long a function that gives a credential (or to a runtime the session key) may take, in milliseconds. Default 60 s.
   * After that it has failed, which the state says, and the next try asks again. A source that is given has its own.
   */
  readonly callbackTimeoutMs: number;
}

/** The options of a client, checked and with their defaults. */
export interface ClientSettings
  extends Required<Omit<DaemonClientOptions, "routes" | "codecs" | "limits" | "client" | "credential">> {
  /** As in the options. */
  readonly program: ClientProgram;
  /** Whom the client stands for. */
  readonly credentials: CredentialSource;
  /** Asks the callback of the client's own credential source. */
  readonly callbacks: Callbacks;
  /** As in the options. */
  readonly routes: ServedRoutes | undefined;
  /** As in the options. */
  readonly codecs: CodecSource | undefined;
  /** What stands for the session key in logs. */
  readonly sessionRef: string;
  /** Whether the instance goes on after this client. */
  readonly ownership: "own" | "shared";
  /** What the connection machine runs with. */
  readonly config: ConnectionConfig;
  /** How a dead connection is noticed. */
  readonly liveness: LivenessLimits;
}

/**
 * Checks options and fills in the defaults. Opens nothing.
 * @throws MoorlineError SESSION_KEY_MISSING, SESSION_KEY_MALFORMED, ENDPOINT_MALFORMED, INSECURE_ENDPOINT,
 *   SERVER_ID_MALFORMED, OPTION_INVALID. None has the value that was given.
 */
export function resolveClientOptions(options: DaemonClientOptions): ClientSettings {
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const sessionKey = parseSessionKey(options.sessionKey);
  const limits = resolveChannelLimits(options.limits ?? {});
  const callbacks = new Callbacks(clock, options.limits?.callbackTimeoutMs);
  return {
    endpoint: parseEndpoint(options.endpoint).url,
    sessionKey,
    sessionRef: sessionRefOf(sessionKey),
    program: checkProgram(options.client),
    expectedServerId: options.expectedServerId === undefined ? "" : parseServerId(options.expectedServerId),
    credentials: resolveCredential(options.credential, callbacks),
    callbacks,
    transport: options.transport ?? createWebSocketTransport({ clock }),
    path: checkPath(options.path),
    routes: checkRoutes(options.routes),
    interceptors: options.interceptors ?? [],
    codecs: options.codecs,
    defaultTimeoutMs: options.defaultTimeoutMs ?? unaryTimeoutMs,
    lifecycle: options.lifecycle ?? noLifecycle,
    clock,
    random,
    instance: options.instance ?? new ClientInstance({ random, limits }),
    ownership: options.instance === undefined ? "own" : "shared",
    redial: options.redial ?? true,
    onTransition: options.onTransition ?? ignore,
    onError: options.onError ?? ignore,
    config: resolveConfig(options),
    liveness: livenessLimits,
  };
}

/**
 * What the channels of a client keep to.
 * @throws MoorlineError OPTION_INVALID.
 */
export function resolveChannelLimits(limits: Partial<ClientLimits>): LocalChannelLimits {
  const {
    initialCreditBytes = channelLimits.initialCreditBytes,
    maxMessageBytes = channelLimits.maxMessageBytes,
    maxCalls = channelLimits.maxCalls,
  } = limits;
  checkRange("initialCreditBytes", initialCreditBytes, creditRange.minBytes, creditRange.maxBytes);
  checkRange("maxMessageBytes", maxMessageBytes, 1, Number.MAX_SAFE_INTEGER);
  checkRange("maxCalls", maxCalls, 1, MAX_UINT32);
  return { ...channelLimits, initialCreditBytes, maxMessageBytes, maxCalls };
}

function resolveConfig({ limits = {}, redial = true }: DaemonClientOptions): ConnectionConfig {
  const connectTimeoutMs = limits.openTimeoutMs ?? handshakeLimits.openTimeoutMs;
  const helloTimeoutMs = limits.answerTimeoutMs ?? handshakeLimits.answerTimeoutMs;
  const verifyTimeoutMs = limits.wakeTimeoutMs ?? livenessLimits.wakeTimeoutMs;
  checkRange("openTimeoutMs", connectTimeoutMs, 1, MAX_UINT32);
  checkRange("answerTimeoutMs", helloTimeoutMs, 1, MAX_UINT32);
  checkRange("wakeTimeoutMs", verifyTimeoutMs, 1, MAX_UINT32);
  return { redial, connectTimeoutMs, helloTimeoutMs, verifyTimeoutMs };
}

function checkRoutes(routes: ServedRoutes | undefined): ServedRoutes | undefined {
  if (routes === undefined || typeof routes.serve === "function") return routes;
  throw new MoorlineError("OPTION_INVALID", "The option routes is nothing that serves.", {
    action: "Give routes: serveRoutes(…), from moorline/serve.",
  });
}

function ignore(): void {}
