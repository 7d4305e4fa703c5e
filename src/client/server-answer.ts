import { fromBinary } from "@bufbuild/protobuf";
import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import {
  type Attachment,
  type ChannelLimits,
  type ServerHello,
  ServerHelloSchema,
  type ServerInfo,
  type Welcome,
} from "../../gen/moorline/session/v1/packet_pb.ts";
import type { Rejection } from "../../gen/moorline/session/v1/rejection_pb.ts";
import type { PeerLimits } from "../channel/call-book.ts";
import { MAX_HINT_MS } from "../core/backoff.ts";
import { channelLimits, livenessLimits } from "../wire/limits.ts";

/** What a daemon answered to a hello. */
export type ServerAnswer = Answer<SessionWelcome>;

/** What a daemon answered to the hello of a probe. */
export type ProbeAnswer = Answer<ProbeWelcome>;

type Answer<AnyWelcome> =
  | { readonly kind: "welcome"; readonly welcome: AnyWelcome }
  | { readonly kind: "rejection"; readonly rejection: HelloRejection }
  /** It is no answer at all. */
  | { readonly kind: "broken"; readonly code: CloseCode; readonly message: string };

/** A Welcome of a probe. */
export interface ProbeWelcome {
  /** The protocol revision that it chose. */
  readonly protocol: number;
  /** The daemon. */
  readonly server: ServerInfo;
}

/** A Welcome of a session, its numbers checked and its defaults filled in. */
export interface SessionWelcome {
  /** The protocol revision that it chose. */
  readonly protocol: number;
  /** The daemon. */
  readonly server: ServerInfo;
  /** The hash of the session key, as the daemon says it. */
  readonly sessionRef: string;
  /** The channel. */
  readonly attachment: ChannelAttachment;
  /** What the daemon can take. */
  readonly peerLimits: PeerLimits;
  /** The connection is given up after this long without a packet, in milliseconds. */
  readonly silenceMs: number;
  /** When to dial again if the connection is lost without another hint. */
  readonly hint: { readonly afterMs: number; readonly jitterMs: number } | undefined;
  /** When the credential expires, in milliseconds from the Welcome on. Undefined: never. */
  readonly credentialExpiresInMs: number | undefined;
}

/** The channel that a Welcome names. */
export type ChannelAttachment = Pick<Attachment, "channelId" | "resumption" | "refusal"> & {
  readonly received: number;
};

/** Why a hello was refused. */
export interface HelloRejection {
  /** The close code; it may be one that this version does not know. */
  readonly code: CloseCode;
  /** For people. */
  readonly message: string;
  /** When to dial again, in milliseconds. Undefined: by backoff. */
  readonly retryAfterMs: number | undefined;
}

/** Reads a ServerHello. Never throws. Spec: WELCOME-1, WELCOME-4. */
export function readServerAnswer(bytes: Uint8Array): ServerAnswer {
  return readAnswer(bytes, readWelcome);
}

/** Reads the ServerHello that answers a probe; one with a channel is none. Never throws. Spec: PROBE-1, WELCOME-4. */
export function readProbeAnswer(bytes: Uint8Array): ProbeAnswer {
  return readAnswer(bytes, readProbeWelcome);
}

/** Who the daemon says that it is, fit for a snapshot. @param clean Takes secrets out of a text. Spec: LOG-3. */
export function cleanServerInfo(server: ServerInfo, clean: (text: string) => string): ServerInfo {
  const { serverId, name, version } = server;
  return { ...server, serverId: clean(serverId), name: clean(name), version: clean(version) };
}

function readAnswer<AnyWelcome>(bytes: Uint8Array, read: (welcome: Welcome) => Answer<AnyWelcome>): Answer<AnyWelcome> {
  const hello = decode(bytes);
  if (hello === undefined) return broken(CloseCode.PACKET_MALFORMED, "the answer to the hello cannot be decoded");
  switch (hello.answer.case) {
    case "welcome":
      return read(hello.answer.value);
    case "rejection":
      return readRejection(hello.answer.value);
    default: {
      const message = "the daemon gave an answer that this version does not know";
      return { kind: "rejection", rejection: { code: CloseCode.INTERNAL, message, retryAfterMs: undefined } };
    }
  }
}

function decode(bytes: Uint8Array): ServerHello | undefined {
  try {
    return fromBinary(ServerHelloSchema, bytes);
  } catch {
    return undefined;
  }
}

function readWelcome(welcome: Welcome): ServerAnswer {
  const { protocol, server, sessionRef, attachment, limits, heartbeat, hint, credentialExpiresInMs } = welcome;
  if (server === undefined || attachment === undefined) {
    return broken(CloseCode.PROTOCOL_VIOLATION, "the Welcome names no daemon or no channel");
  }
  const received = toSafe(attachment.received);
  if (received === undefined) return broken(CloseCode.PACKET_MALFORMED, "a position of the Welcome is above 2^53 - 1");
  const { channelId, resumption, refusal } = attachment;
  const session: SessionWelcome = {
    protocol,
    server,
    sessionRef,
    attachment: { channelId, resumption, refusal, received },
    peerLimits: readPeerLimits(limits),
    silenceMs: clamp(heartbeat?.silenceMs ?? 0n, MAX_HINT_MS) || livenessLimits.silenceMs,
    hint: hint && { afterMs: clamp(hint.afterMs, MAX_HINT_MS), jitterMs: clamp(hint.jitterMs, MAX_HINT_MS) },
    credentialExpiresInMs:
      credentialExpiresInMs === undefined ? undefined : clamp(credentialExpiresInMs, Number.MAX_SAFE_INTEGER),
  };
  return { kind: "welcome", welcome: session };
}

function readProbeWelcome({ protocol, server, attachment }: Welcome): ProbeAnswer {
  if (server === undefined) return broken(CloseCode.PROTOCOL_VIOLATION, "the Welcome names no daemon");
  if (attachment !== undefined) return broken(CloseCode.PROTOCOL_VIOLATION, "the Welcome gives a probe a channel");
  return { kind: "welcome", welcome: { protocol, server } };
}

function readRejection({ code, message, retryAfterMs }: Rejection): Answer<never> {
  const afterMs = retryAfterMs === undefined ? undefined : clamp(retryAfterMs, MAX_HINT_MS);
  return { kind: "rejection", rejection: { code, message, retryAfterMs: afterMs } };
}

/** What is 0 or not set stands for the default. */
function readPeerLimits(limits: ChannelLimits | undefined): PeerLimits {
  const max = Number.MAX_SAFE_INTEGER;
  return {
    initialCreditBytes: clamp(limits?.initialCreditBytes ?? 0n, max) || channelLimits.initialCreditBytes,
    maxMessageBytes: clamp(limits?.maxMessageBytes ?? 0n, max) || channelLimits.maxMessageBytes,
    maxCalls: limits?.maxCalls || channelLimits.maxCalls,
  };
}

function clamp(value: bigint, max: number): number {
  return value > BigInt(max) ? max : Number(value);
}

function toSafe(value: bigint): number | undefined {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(value);
}

function broken(code: CloseCode, message: string): Answer<never> {
  return { kind: "broken", code, message };
}
