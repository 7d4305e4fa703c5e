import type { Path } from "../../gen/moorline/session/v1/packet_pb.ts";
import type { Clock } from "../core/clock.ts";
import type { Random } from "../core/random.ts";
import { defaultProbeConfig, type ProbeConfig } from "../machine/probe.ts";
import type { TransitionSink } from "../machine/transition-log.ts";
import type { Transport } from "../transport/connection.ts";
import { systemClock } from "../transport/system-clock.ts";
import { systemRandom } from "../transport/system-random.ts";
import { createWebSocketTransport } from "../transport/web-socket.ts";
import { checkRange, MAX_UINT32 } from "../wire/check-given.ts";
import { parseServerId } from "../wire/server-id.ts";
import { parseSessionKey, type SessionKey } from "../wire/session-key.ts";
import { sessionRefOf } from "../wire/session-ref.ts";
import { Callbacks } from "./callbacks.ts";
import type { ClientProgram } from "./client-hello.ts";
import { type Credential, type CredentialCallback, type CredentialSource, resolveCredential } from "./credential.ts";
import { parseEndpoint } from "./endpoint.ts";
import { checkPath, checkProgram } from "./option-checks.ts";

/** How a Probe is made. What a DaemonClient has as well means the same; for a promotion it must be the same. */
export interface ProbeOptions {
  /** The address of the daemon: `wss://…`, or `ws://` to this machine. No query, no secret. */
  readonly endpoint: string;
  /** The client's identity towards the daemon. */
  readonly sessionKey: SessionKey;
  /** The program that the probe is part of. */
  readonly client: ClientProgram;
  /** The daemon that is meant. Default: whichever answers. */
  readonly expectedServerId?: string;
  /** Whom the client stands for; a source that is shared asks its callback once. Default: nobody. */
  readonly credential?: Credential | CredentialCallback | CredentialSource;
  /** What the connection is dialled with. Default: the platform's WebSocket. */
  readonly transport?: Transport;
  /** The path that the transport takes. Default DIRECT. */
  readonly path?: Path;
  /** What tells this probe from the owner's others in its state and in the transition log, up to 2^32 - 1. Default 1. */
  readonly generation?: number;
  /** Limits other than the defaults. */
  readonly limits?: Partial<ProbeTimeouts>;
  /** Time. Default: the system's. */
  readonly clock?: Clock;
  /** Chance. Default: the system's. */
  readonly random?: Random;
  /** Takes the transition log. */
  readonly onTransition?: TransitionSink;
  /** Hears what listeners, callbacks and the transport have thrown. Default: nobody does. */
  readonly onError?: (error: unknown) => void;
}

/** What a probe keeps to, where it may differ. */
export interface ProbeTimeouts {
  /** The connection must be open by then, in milliseconds. Default 10 s. */
  readonly openTimeoutMs: number;
  /** The hello must be answered by then, in milliseconds. Default 5 s. */
  readonly answerTimeoutMs: number;
  /** A ping must be answered by then, in milliseconds. Default 5 s. */
  readonly pongTimeoutMs: number;
  /** How long the probe lives from its Welcome on, in milliseconds. Default 55 s; the server ends it after 60 s. */
  readonly lifetimeMs: number;
}

/** The options of a probe, checked and with their defaults. */
export interface ProbeSettings
  extends Required<Omit<ProbeOptions, "client" | "credential" | "limits" | "onTransition" | "onError">> {
  /** As in the options. */
  readonly program: ClientProgram;
  /** Whom the client stands for. */
  readonly credentials: CredentialSource;
  /** Asks the callback of the probe's own credential source. */
  readonly callbacks: Callbacks;
  /** What stands for the session key in logs. */
  readonly sessionRef: string;
  /** What the machine runs with. */
  readonly config: ProbeConfig;
  /** As in the options. */
  readonly onTransition: TransitionSink;
  /** As in the options. */
  readonly onError: (error: unknown) => void;
}

/**
 * Checks options and fills in the defaults. Opens nothing.
 * @throws MoorlineError SESSION_KEY_MISSING, SESSION_KEY_MALFORMED, ENDPOINT_MALFORMED, INSECURE_ENDPOINT,
 *   SERVER_ID_MALFORMED, OPTION_INVALID. None has the value that was given.
 */
export function resolveProbeOptions(options: ProbeOptions): ProbeSettings {
  const { clock = systemClock, random = systemRandom, expectedServerId, generation = 1 } = options;
  const sessionKey = parseSessionKey(options.sessionKey);
  const callbacks = new Callbacks(clock);
  checkRange("generation", generation, 0, MAX_UINT32);
  return {
    endpoint: parseEndpoint(options.endpoint).url,
    sessionKey,
    sessionRef: sessionRefOf(sessionKey),
    program: checkProgram(options.client),
    expectedServerId: expectedServerId === undefined ? "" : parseServerId(expectedServerId),
    credentials: resolveCredential(options.credential, callbacks),
    callbacks,
    transport: options.transport ?? createWebSocketTransport({ clock }),
    path: checkPath(options.path),
    generation,
    clock,
    random,
    config: resolveConfig(options.limits),
    onTransition: options.onTransition ?? ignore,
    onError: options.onError ?? ignore,
  };
}

function resolveConfig(limits: Partial<ProbeTimeouts> = {}): ProbeConfig {
  const config = { ...defaultProbeConfig, ...limits };
  for (const [name, value] of Object.entries(config)) checkRange(name, value, 1, MAX_UINT32);
  return config;
}

function ignore(): void {}
