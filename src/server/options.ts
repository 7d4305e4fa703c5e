import type { Interceptor } from "@connectrpc/connect";
import type { Clock } from "../core/clock.ts";
import type { Random } from "../core/random.ts";
import type { CodecSource } from "../rpc/message-format.ts";
import type { Routes } from "../rpc/route-table.ts";
import { MoorlineError } from "../wire/moorline-error.ts";
import { nodeError } from "../wire/node-error.ts";
import type { Authenticate } from "./authenticate.ts";
import type { Identity } from "./identity.ts";
import type { JournalStore } from "./journal/journal-store.ts";
import type { Pages } from "./pages/pages.ts";
import type { MetricsOptions } from "./prometheus/metrics-endpoint.ts";
import type { ServerListeners } from "./reporter.ts";
import type { ServerLimitOptions } from "./server-limits.ts";
import type { SessionStore } from "./store.ts";
import { OWNER } from "./token-file.ts";
import type { ReconnectDelay } from "./welcome.ts";

/** How a daemon's server is made. */
export interface DaemonServerOptions extends ServerListeners {
  /** Who the daemon is. `loadOrCreateIdentity` keeps one in a file. */
  readonly identity: Identity;
  /** What is served, registered as for Connect's own servers. Default: the session service alone. */
  readonly routes?: Routes;
  /** Wrap each call, the first one outermost; those of a service or method take their place. Default none. */
  readonly interceptors?: readonly Interceptor[];
  /** Codecs of messages. Default: the general one of @bufbuild/protobuf. */
  readonly codecs?: CodecSource;
  /** Decides whom a credential stands for. `loadOrCreateTokenFile` makes one for a daemon on loopback. */
  readonly authenticate?: Authenticate;
  /** Lets everybody in who reaches the daemon on loopback, as `owner`. Default false. Spec: AUTH-5. */
  readonly insecureNoAuth?: boolean;
  /** Further values of the header `Host`: `daemon.example`, or with a port. Default: loopback and the own address only. */
  readonly allowedHosts?: readonly string[];
  /** Further values of the header `Origin`, such as `https://console.example`. Default: pages of the same host only. */
  readonly allowedOrigins?: readonly string[];
  /** Limits that shall differ from their defaults. */
  readonly limits?: ServerLimitOptions;
  /** Where sessions outlive the process. Default: they do not. */
  readonly store?: SessionStore;
  /** Where calls with an idempotency key are remembered. Default: nowhere, they end UNIMPLEMENTED. Spec: JOURNAL. */
  readonly journal?: JournalStore;
  /** When clients dial again that have lost a connection. Default: by backoff; after a drain 1 s to 3 s. */
  readonly reconnectHint?: ReconnectDelay;
  /** Shows its metrics to Prometheus, on its own port. Default: it does not. Spec: OBS. */
  readonly metrics?: MetricsOptions;
  /** The page at `/` of its own port, such as the console. Default: there is none. Spec: CONSOLE. */
  readonly pages?: Pages;
  /** Time. Default: the system's. */
  readonly clock?: Clock;
  /** Chance. Default: the system's. */
  readonly random?: Random;
}

/**
 * The credential hook of a server: the one that is given, or the one of the open mode.
 * @throws MoorlineError CREDENTIALS_UNCONFIGURED where there is neither, OPTION_INVALID where there are both.
 */
export function resolveAuthenticate({ authenticate, insecureNoAuth }: DaemonServerOptions): Authenticate {
  if (authenticate !== undefined && insecureNoAuth === true) {
    throw new MoorlineError("OPTION_INVALID", "`authenticate` and `insecureNoAuth` exclude each other.");
  }
  if (authenticate !== undefined) return authenticate;
  if (insecureNoAuth === true) return () => ({ principal: OWNER });
  throw nodeError("CREDENTIALS_UNCONFIGURED", "The server does not know whom to let in.");
}

/**
 * The hint of a server.
 * @throws MoorlineError OPTION_INVALID where a delay is no integer from 0 to an hour.
 */
export function resolveHint({ reconnectHint }: DaemonServerOptions): ReconnectDelay | undefined {
  for (const [name, value] of Object.entries(reconnectHint ?? {})) {
    if (Number.isSafeInteger(value) && value >= 0 && value <= MAX_DELAY_MS) continue;
    throw new MoorlineError("OPTION_INVALID", `The option reconnectHint.${name} has to be from 0 to ${MAX_DELAY_MS}.`);
  }
  return reconnectHint;
}

const MAX_DELAY_MS = 3_600_000;
