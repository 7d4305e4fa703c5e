/**
 * Every limit and interval of the protocol that has a default, in one place. Each object is the defaults; what may be
 * changed by options is resolved over it. Nothing else in `src` writes these numbers down; how long a client waits before it
 * dials again is in `core/backoff.ts` and `core/retry-budget.ts`.
 */

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** What one end of a channel keeps to. Of these, the peer is told the credit, the message size and the calls. */
export interface LocalChannelLimits {
  /** The largest frame, encoded. Fixed by the protocol, on every path alike. */
  readonly maxFrameBytes: number;
  /** The largest packet, encoded. Fixed by the protocol: it fits one Noise message. */
  readonly maxPacketBytes: number;
  /** The largest first packet of a connection, which has the hello. Fixed by the protocol. */
  readonly maxFirstPacketBytes: number;
  /** Bytes that may lie in the socket's buffer; the rest waits in the scheduler. */
  readonly maxBufferedBytes: number;
  /** Numbered frames that the peer has not acknowledged, in bytes. At the limit nothing more is numbered. */
  readonly maxOutboxBytes: number;
  /** Credit that each call of the peer starts with, towards this side. 1 KiB to 16 MiB. */
  readonly initialCreditBytes: number;
  /** Credit that a call of the peer grows to while its reader keeps up… */
  readonly maxCreditBytes: number;
  /** …where it takes in all of it within this time… */
  readonly creditGrowthMs: number;
  /** …and that the calls of a channel grow by, all together. */
  readonly maxCreditGrowthBytes: number;
  /** The largest reassembled message that this side takes. */
  readonly maxMessageBytes: number;
  /** Calls of the peer that may be open at once. */
  readonly maxCalls: number;
  /** An acknowledgement is due after this many frames… */
  readonly ackAfterFrames: number;
  /** …or this many bytes of frames… */
  readonly ackAfterBytes: number;
  /** …or this long after the first of them. */
  readonly ackAfterMs: number;
  /** The largest padding of a ping. */
  readonly maxPingPaddingBytes: number;
  /** What a message or a part costs in credit, beside its payload. */
  readonly messageOverheadBytes: number;
}

/** Defaults of {@link LocalChannelLimits}. */
export const channelLimits: LocalChannelLimits = {
  maxFrameBytes: 32 * KIB,
  maxPacketBytes: 60 * KIB,
  maxFirstPacketBytes: 16 * KIB,
  maxBufferedBytes: 128 * KIB,
  maxOutboxBytes: 4 * MIB,
  initialCreditBytes: 256 * KIB,
  maxCreditBytes: MIB,
  creditGrowthMs: SECOND_MS,
  maxCreditGrowthBytes: 8 * MIB,
  maxMessageBytes: 16 * MIB,
  maxCalls: 256,
  ackAfterFrames: 32,
  ackAfterBytes: 128 * KIB,
  ackAfterMs: 200,
  maxPingPaddingBytes: 16 * KIB,
  messageOverheadBytes: 64,
};

/** The narrowest and the widest `initialCreditBytes` that a hello or a welcome may offer. */
export const creditRange: { readonly minBytes: number; readonly maxBytes: number } = {
  minBytes: KIB,
  maxBytes: 16 * MIB,
};

/** How long the two sides wait for each other until a connection is welcomed. */
export interface HandshakeLimits {
  /** Client: the connection must be open by then. */
  readonly openTimeoutMs: number;
  /** Client: the hello must be answered by then, from the opening on. */
  readonly answerTimeoutMs: number;
  /** Server: the hello must have come by then, from the opening on. */
  readonly helloTimeoutMs: number;
}

/** Defaults of {@link HandshakeLimits}. */
export const handshakeLimits: HandshakeLimits = {
  openTimeoutMs: 10 * SECOND_MS,
  answerTimeoutMs: 5 * SECOND_MS,
  helloTimeoutMs: 10 * SECOND_MS,
};

/** How many probes a server takes; above it they are OVERLOADED. */
export interface ProbeLimits {
  /** How long a probe may live before it is closed. */
  readonly lifetimeMs: number;
  /** Probes at once, per session key. */
  readonly maxOpen: number;
  /** Probes begun in one minute, per session key. */
  readonly maxPerMinute: number;
}

/** Defaults of {@link ProbeLimits}. */
export const probeLimits: ProbeLimits = { lifetimeMs: MINUTE_MS, maxOpen: 10, maxPerMinute: 120 };

/** How long a client's probe waits, and lives. */
export interface ClientProbeLimits {
  /** A ping must be answered by then. */
  readonly pongTimeoutMs: number;
  /** How long a probe may live from its Welcome on: a little less than the server lets it. */
  readonly lifetimeMs: number;
}

/** Defaults of {@link ClientProbeLimits}. */
export const clientProbeLimits: ClientProbeLimits = { pongTimeoutMs: 5 * SECOND_MS, lifetimeMs: 55 * SECOND_MS };

/** How the two sides notice a dead connection. Any packet counts as life. */
export interface LivenessLimits {
  /** Server: pings when it has sent, or received, nothing for this long. */
  readonly pingAfterMs: number;
  /** Server: detaches when nothing comes for this long after the ping has left the socket's buffer… */
  readonly pongTimeoutMs: number;
  /** …or for this long after the ping was queued, where that buffer has not shrunk since. */
  readonly stalledTimeoutMs: number;
  /** Client: gives the connection up after this long without a packet. */
  readonly silenceMs: number;
  /** Client: the interval of the tick that notices sleep. */
  readonly tickMs: number;
  /** Client: a gap between ticks above this is a wake. */
  readonly wakeGapMs: number;
  /** Client: how long a wake check waits for any packet. */
  readonly wakeTimeoutMs: number;
}

/** Defaults of {@link LivenessLimits}. */
export const livenessLimits: LivenessLimits = {
  pingAfterMs: 15 * SECOND_MS,
  pongTimeoutMs: 10 * SECOND_MS,
  stalledTimeoutMs: 30 * SECOND_MS,
  silenceMs: 25 * SECOND_MS,
  tickMs: SECOND_MS,
  wakeGapMs: 5 * SECOND_MS,
  wakeTimeoutMs: 3 * SECOND_MS,
};

/** How a host finds its connection and chooses its path. */
export interface HostPathLimits {
  /** Candidates of a profile that are tried. */
  readonly maxCandidates: number;
  /** Characters of a profile's label. */
  readonly maxLabelLength: number;
  /** Round trips that are remembered of each. */
  readonly maxSamples: number;
  /** How long an interruption is shown like online. */
  readonly interruptionMs: number;
  /** In a race, one candidate starts this long after the one before it… */
  readonly staggerMs: number;
  /** …a relay at the earliest this long after the first… */
  readonly relayDelayMs: number;
  /** …and a barred one this long after it could have. */
  readonly barredDelayMs: number;
  /** The interval between two measurements of a path… */
  readonly probeIntervalMs: number;
  /** …and what it grows to while they fail. */
  readonly maxProbeIntervalMs: number;
  /** A direct path below this needs no other. */
  readonly fastPathMs: number;
  /** An answer no older than this says that a path works. */
  readonly recentAnswerMs: number;
  /** Another path takes over after so many probes… */
  readonly switchProbes: number;
  /** …over at least this long… */
  readonly switchSpanMs: number;
  /** …whose round trips are all at most this part of the active path's… */
  readonly switchFactor: number;
  /** …and this much shorter. */
  readonly switchGainMs: number;
  /** How long a candidate is barred the first time; each time doubles it… */
  readonly barMs: number;
  /** …up to this. */
  readonly maxBarMs: number;
  /** A candidate that carried the channel for less than this when it was lost is barred. */
  readonly briefMs: number;
  /** A candidate that has carried the channel for this long has its bars forgiven. */
  readonly forgiveMs: number;
}

/** Defaults of {@link HostPathLimits}. */
export const hostLimits: HostPathLimits = {
  maxCandidates: 8,
  maxLabelLength: 256,
  maxSamples: 32,
  interruptionMs: 1_500,
  staggerMs: 250,
  relayDelayMs: 300,
  barredDelayMs: 2 * SECOND_MS,
  probeIntervalMs: 10 * SECOND_MS,
  maxProbeIntervalMs: 5 * MINUTE_MS,
  fastPathMs: 5,
  recentAnswerMs: 15 * SECOND_MS,
  switchProbes: 3,
  switchSpanMs: 6 * SECOND_MS,
  switchFactor: 0.75,
  switchGainMs: 20,
  barMs: MINUTE_MS,
  maxBarMs: 60 * MINUTE_MS,
  briefMs: MINUTE_MS,
  forgiveMs: 10 * MINUTE_MS,
};

/** When a host asks for another credential while the present one is still good. */
export interface RenewalLimits {
  /** This long before the present one expires, or half-way to its end where that is later… */
  readonly leadMs: number;
  /** …and never sooner than this after the last time, or after the Welcome. */
  readonly gapMs: number;
}

/** Defaults of {@link RenewalLimits}. */
export const renewalLimits: RenewalLimits = { leadMs: MINUTE_MS, gapMs: 5 * SECOND_MS };

/** What a server keeps, how much of it and how long. Lifetimes run on time that the daemon was running. */
export interface SessionLimits {
  /** A channel without a connection. */
  readonly replayMs: number;
  /** A session without a channel. */
  readonly sessionMs: number;
  /** Channels of one session; the oldest detached one makes room for the next. */
  readonly maxChannels: number;
  /** Sessions of one principal. */
  readonly maxSessions: number;
  /** Lost channels whose ids and reasons a session remembers. */
  readonly maxLostChannels: number;
  /** The least time for which one of them is remembered. */
  readonly lostChannelMs: number;
  /** What all channels of a server hold together, unread bytes included. Above it channels are lost. */
  readonly maxReplayBytes: number;
}

/** Defaults of {@link SessionLimits}. */
export const sessionLimits: SessionLimits = {
  replayMs: 15 * MINUTE_MS,
  sessionMs: 7 * DAY_MS,
  maxChannels: 16,
  maxSessions: 1024,
  maxLostChannels: 64,
  lostChannelMs: MINUTE_MS,
  maxReplayBytes: 256 * MIB,
};

/** What the journal of one session keeps. */
export interface JournalLimits {
  /** How long a key is kept from its acceptance on. */
  readonly keepMs: number;
  /** Keys. One more is refused. */
  readonly maxKeys: number;
  /** Bytes of outcomes, `maxOutcomeBytes` for each call that has none yet. A call that may go beyond is refused. */
  readonly maxBytes: number;
  /** Bytes of one outcome; of a larger one the status is kept. */
  readonly maxOutcomeBytes: number;
}

/** Defaults of {@link JournalLimits}. */
export const journalLimits: JournalLimits = {
  keepMs: DAY_MS,
  maxKeys: 10_000,
  maxBytes: 16 * MIB,
  maxOutcomeBytes: 64 * KIB,
};

/** How long a draining server waits. */
export interface DrainLimits {
  /** For running calls to end by themselves. */
  readonly graceMs: number;
  /** For what is queued to be acknowledged. */
  readonly flushMs: number;
}

/** Defaults of {@link DrainLimits}. */
export const drainLimits: DrainLimits = { graceMs: 10 * SECOND_MS, flushMs: 2 * SECOND_MS };

/** What a server's port keeps to, for everything on it that is no channel. */
export interface HttpLimits {
  /** How long a new connection may take to show which protocol it speaks, in milliseconds. */
  readonly prefaceTimeoutMs: number;
  /** How long the headers of a request may take, in milliseconds. HTTP/1.1. */
  readonly headersTimeoutMs: number;
  /** An HTTP/2 connection on which nothing has moved for this long takes no new streams, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** The headers of one request, in bytes. */
  readonly maxHeaderBytes: number;
  /** Streams that an HTTP/2 connection may have open at once. */
  readonly maxStreams: number;
  /** Plain RPCs of all clients that may run at once; one more is OVERLOADED. */
  readonly maxCalls: number;
  /** The largest message of a plain RPC, in bytes. */
  readonly maxMessageBytes: number;
}

/** Defaults of {@link HttpLimits}. */
export const httpLimits: HttpLimits = {
  prefaceTimeoutMs: 10 * SECOND_MS,
  headersTimeoutMs: 10 * SECOND_MS,
  idleTimeoutMs: 5 * MINUTE_MS,
  maxHeaderBytes: 16 * KIB,
  maxStreams: 256,
  maxCalls: 1024,
  maxMessageBytes: 16 * MIB,
};

/** The deadline of a unary call that names none, in milliseconds. Streams have none. */
export const unaryTimeoutMs = MINUTE_MS;

/** How long a function of the app may take to give a session key or a credential, in milliseconds. */
export const callbackTimeoutMs = MINUTE_MS;
