import {
  channelLimits,
  creditRange,
  type DrainLimits,
  drainLimits,
  type HttpLimits,
  handshakeLimits,
  httpLimits,
  type JournalLimits,
  journalLimits,
  type LivenessLimits,
  type LocalChannelLimits,
  livenessLimits,
  type ProbeLimits,
  probeLimits,
  type SessionLimits,
  sessionLimits,
} from "../wire/limits.ts";
import { MoorlineError } from "../wire/moorline-error.ts";

/** How many connections a server takes. */
export interface ConnectionLimits {
  /** Welcomed connections, probes included; above it a hello is OVERLOADED. Default 10,000. */
  readonly maxOpen: number;
  /** Connections without an accepted hello; one more is OVERLOADED at once. Default 1,000. */
  readonly maxPending: number;
}

/** How long a server waits in a handshake. */
export interface ServerHandshakeLimits {
  /** For the hello, from the opening on, in milliseconds. Default 10 s. */
  readonly helloTimeoutMs: number;
  /** For the credential hook and for the session store, in milliseconds. Default 10 s. */
  readonly judgeTimeoutMs: number;
}

/** What a server's end of a channel may be given other values for; the rest is fixed by the protocol. */
export type ServerChannelLimits = Pick<
  LocalChannelLimits,
  "initialCreditBytes" | "maxMessageBytes" | "maxCalls" | "maxOutboxBytes" | "maxBufferedBytes" | "ackAfterMs"
>;

/** The liveness intervals that a server keeps to, and tells its clients. */
export type ServerLivenessLimits = Pick<
  LivenessLimits,
  "pingAfterMs" | "pongTimeoutMs" | "stalledTimeoutMs" | "silenceMs"
>;

/** Every limit of a server, resolved. */
export interface ServerLimits {
  readonly connections: ConnectionLimits;
  readonly handshake: ServerHandshakeLimits;
  readonly session: SessionLimits;
  readonly probe: ProbeLimits;
  readonly liveness: ServerLivenessLimits;
  readonly drain: DrainLimits;
  readonly journal: JournalLimits;
  readonly channel: LocalChannelLimits;
  readonly http: HttpLimits;
}

/** Limits that shall differ from their defaults. */
export interface ServerLimitOptions {
  readonly connections?: Partial<ConnectionLimits>;
  readonly handshake?: Partial<ServerHandshakeLimits>;
  readonly session?: Partial<SessionLimits>;
  readonly probe?: Partial<ProbeLimits>;
  readonly liveness?: Partial<ServerLivenessLimits>;
  readonly drain?: Partial<DrainLimits>;
  readonly journal?: Partial<JournalLimits>;
  readonly channel?: Partial<ServerChannelLimits>;
  readonly http?: Partial<HttpLimits>;
}

type Range = readonly [least: number, most: number];
type Ranges<T> = { readonly [Name in keyof T]: Range };

const MAX_UINT32 = 2 ** 32 - 1;
const COUNT: Range = [1, MAX_UINT32];
const BYTES: Range = [1, Number.MAX_SAFE_INTEGER];
/** A hundred years. */
const DURATION: Range = [1, 100 * 365 * 24 * 3_600_000];
const PAUSE: Range = [0, DURATION[1]];

const connectionLimits: ConnectionLimits = { maxOpen: 10_000, maxPending: 1_000 };
const serverHandshakeLimits: ServerHandshakeLimits = {
  helloTimeoutMs: handshakeLimits.helloTimeoutMs,
  judgeTimeoutMs: 10_000,
};

const channelRanges: Ranges<ServerChannelLimits> = {
  initialCreditBytes: [creditRange.minBytes, creditRange.maxBytes],
  maxMessageBytes: BYTES,
  maxCalls: COUNT,
  // At less than two packets nothing could be numbered while one is under way.
  maxOutboxBytes: [2 * channelLimits.maxPacketBytes, Number.MAX_SAFE_INTEGER],
  maxBufferedBytes: BYTES,
  ackAfterMs: PAUSE,
};

const sessionRanges: Ranges<SessionLimits> = {
  replayMs: DURATION,
  sessionMs: DURATION,
  maxChannels: COUNT,
  maxSessions: COUNT,
  // Fixed from below by RESUME-9.
  maxLostChannels: [sessionLimits.maxLostChannels, MAX_UINT32],
  lostChannelMs: [sessionLimits.lostChannelMs, DURATION[1]],
  maxReplayBytes: BYTES,
};

const journalRanges: Ranges<JournalLimits> = {
  keepMs: DURATION,
  maxKeys: COUNT,
  maxBytes: BYTES,
  // The status of an outcome that is too large has to fit.
  maxOutcomeBytes: [8_192, Number.MAX_SAFE_INTEGER],
};

const livenessRanges: Ranges<ServerLivenessLimits> = {
  pingAfterMs: DURATION,
  pongTimeoutMs: DURATION,
  stalledTimeoutMs: DURATION,
  silenceMs: DURATION,
};

const httpRanges: Ranges<HttpLimits> = {
  prefaceTimeoutMs: DURATION,
  headersTimeoutMs: DURATION,
  idleTimeoutMs: DURATION,
  maxHeaderBytes: BYTES,
  maxStreams: COUNT,
  maxCalls: COUNT,
  maxMessageBytes: COUNT,
};

/**
 * The limits of a server: the defaults, with `options` over them.
 * @throws MoorlineError OPTION_INVALID for a limit that does not exist, is no integer in its range, or contradicts another.
 */
export function resolveServerLimits(options: ServerLimitOptions = {}): ServerLimits {
  const { connections, handshake, session, probe, liveness, drain, journal, channel, http, ...unknown } = options;
  for (const name of Object.keys(unknown)) throw invalid(name, "there is no such group of limits");
  const resolved: ServerLimits = {
    connections: resolve("connections", connectionLimits, connections, { maxOpen: COUNT, maxPending: COUNT }),
    handshake: resolve("handshake", serverHandshakeLimits, handshake, {
      helloTimeoutMs: DURATION,
      judgeTimeoutMs: DURATION,
    }),
    session: resolve("session", sessionLimits, session, sessionRanges),
    probe: resolve("probe", probeLimits, probe, { lifetimeMs: DURATION, maxOpen: COUNT, maxPerMinute: COUNT }),
    liveness: resolve("liveness", pickLiveness(livenessLimits), liveness, livenessRanges),
    drain: resolve("drain", drainLimits, drain, { graceMs: PAUSE, flushMs: PAUSE }),
    journal: resolve("journal", journalLimits, journal, journalRanges),
    channel: resolve("channel", channelLimits, channel, channelRanges),
    http: resolve("http", httpLimits, http, httpRanges),
  };
  const { pingAfterMs, silenceMs } = resolved.liveness;
  if (silenceMs <= pingAfterMs) {
    throw invalid("liveness.silenceMs", `it has to be above liveness.pingAfterMs, which is ${pingAfterMs}`);
  }
  return resolved;
}

function pickLiveness({
  pingAfterMs,
  pongTimeoutMs,
  stalledTimeoutMs,
  silenceMs,
}: LivenessLimits): ServerLivenessLimits {
  return { pingAfterMs, pongTimeoutMs, stalledTimeoutMs, silenceMs };
}

function resolve<T extends Ranged, Ranged extends object>(
  group: string,
  defaults: T,
  options: Partial<Ranged> | undefined,
  ranges: Ranges<Ranged>,
): T {
  const given = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    const range = (ranges as Readonly<Record<string, Range | undefined>>)[name];
    if (range === undefined) throw invalid(`${group}.${name}`, "there is no such limit");
    const isInRange = Number.isSafeInteger(value) && (value as number) >= range[0] && (value as number) <= range[1];
    if (!isInRange) throw invalid(`${group}.${name}`, `it has to be an integer from ${range[0]} to ${range[1]}`);
  }
  return { ...defaults, ...Object.fromEntries(given) };
}

function invalid(name: string, text: string): MoorlineError {
  return new MoorlineError("OPTION_INVALID", `The option limits.${name} is wrong: ${text}.`);
}
