import type { Interceptor } from "@connectrpc/connect";
import { directoryServiceCodes } from "../../../gen/moorline/agent/v1/directory_service_codec.ts";
import { timelineServiceCodes } from "../../../gen/moorline/agent/v1/timeline_service_codec.ts";
import { Callbacks } from "../../client/callbacks.ts";
import type { ClientProgram } from "../../client/client-hello.ts";
import { type ClientLimits, resolveChannelLimits } from "../../client/client-options.ts";
import { type CredentialSource, resolveCredential } from "../../client/credential.ts";
import { type LifecycleSource, noLifecycle } from "../../client/lifecycle.ts";
import { checkProgram } from "../../client/option-checks.ts";
import type { Clock } from "../../core/clock.ts";
import type { Random } from "../../core/random.ts";
import { defaultHostConfig, type HostConfig } from "../../machine/host.ts";
import type { TransitionSink } from "../../machine/transition-log.ts";
import { createGeneratedCodecs } from "../../rpc/generated-codecs.ts";
import type { CodecSource } from "../../rpc/message-format.ts";
import type { ServedRoutes } from "../../rpc/served-routes.ts";
import type { Transport } from "../../transport/connection.ts";
import { systemClock } from "../../transport/system-clock.ts";
import { systemRandom } from "../../transport/system-random.ts";
import { createWebSocketTransport } from "../../transport/web-socket.ts";
import { checkRange, MAX_UINT32 } from "../../wire/check-given.ts";
import { type LocalChannelLimits, unaryTimeoutMs } from "../../wire/limits.ts";
import { parseServerId, type ServerId } from "../../wire/server-id.ts";
import { parseSessionKey, type SessionKey } from "../../wire/session-key.ts";
import type { HostRuntimeOptions } from "../host-runtime.ts";
import { checkHostOptions } from "./host-option-checks.ts";

/** The options of a runtime, checked and with their defaults. */
export interface HostSettings {
  /** The daemon. */
  readonly serverId: ServerId;
  /** Gives the session key. */
  readonly loadSessionKey: () => SessionKey | Promise<SessionKey>;
  /** As in the options. */
  readonly program: ClientProgram;
  /** Whom the client stands for: one source for all connections. */
  readonly credentials: CredentialSource;
  /** Asks the functions that give session key and credential. */
  readonly callbacks: Callbacks;
  /** What direct candidates are dialled with. */
  readonly transport: Transport;
  /** As in the options. */
  readonly routes: ServedRoutes | undefined;
  /** As in the options. */
  readonly codecs: CodecSource;
  /** As in the options. */
  readonly interceptors: readonly Interceptor[];
  /** As in the options. */
  readonly defaultTimeoutMs: number;
  /** As in the options. */
  readonly lifecycle: LifecycleSource;
  /** Time. */
  readonly clock: Clock;
  /** Chance. */
  readonly random: Random;
  /** Takes the transition log. */
  readonly onTransition: TransitionSink;
  /** Hears what went wrong in somebody's callback. Never throws. */
  readonly onError: (error: unknown) => void;
  /** What the host machine runs with. */
  readonly config: HostConfig;
  /** What channels keep to. */
  readonly channelLimits: LocalChannelLimits;
  /** What connections keep to. */
  readonly clientLimits: Partial<ClientLimits>;
}

/** What mirrors read is much, and generated code reads it faster. */
const mirrorCodecs = createGeneratedCodecs(directoryServiceCodes, timelineServiceCodes);

/**
 * Checks options and fills in the defaults. Opens nothing.
 * @throws MoorlineError SERVER_ID_MALFORMED, SESSION_KEY_MISSING, SESSION_KEY_MALFORMED, OPTION_INVALID.
 */
export function resolveHostOptions(options: HostRuntimeOptions): HostSettings {
  checkHostOptions(options);
  const { sessionKey, credential, limits = {}, clock = systemClock, random = systemRandom } = options;
  const { interruptionMs, probeIntervalMs, ...clientLimits } = limits;
  const config = {
    interruptionMs: interruptionMs ?? defaultHostConfig.interruptionMs,
    probeIntervalMs: probeIntervalMs ?? defaultHostConfig.probeIntervalMs,
  };
  const { openTimeoutMs = 1, answerTimeoutMs = 1, wakeTimeoutMs = 1 } = clientLimits;
  const times = { ...config, openTimeoutMs, answerTimeoutMs, wakeTimeoutMs };
  for (const [name, value] of Object.entries(times)) {
    checkRange(name, value, 1, MAX_UINT32);
  }
  const known = typeof sessionKey === "function" ? undefined : parseSessionKey(sessionKey);
  const callbacks = new Callbacks(clock, limits.callbackTimeoutMs);
  return {
    serverId: parseServerId(options.profile.serverId),
    loadSessionKey:
      typeof sessionKey === "function" ? () => callbacks.ask("session key", sessionKey) : () => known ?? sessionKey,
    program: checkProgram(options.client),
    credentials: resolveCredential(credential, callbacks),
    callbacks,
    transport: options.transport ?? createWebSocketTransport({ clock }),
    routes: options.routes,
    codecs: options.codecs ?? mirrorCodecs,
    interceptors: options.interceptors ?? [],
    defaultTimeoutMs: options.defaultTimeoutMs ?? unaryTimeoutMs,
    lifecycle: options.lifecycle ?? noLifecycle,
    clock,
    random,
    onTransition: options.onTransition ?? ignore,
    onError: guard(options.onError ?? ignore),
    config,
    channelLimits: resolveChannelLimits(clientLimits),
    clientLimits,
  };
}

function guard(listener: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    try {
      listener(error);
    } catch {
      // There is nobody left to tell.
    }
  };
}

function ignore(): void {}
