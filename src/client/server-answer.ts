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
export type ServerAnswer =
  | { readonly kind: "welcome"; readonly welcome: SessionWelcome }
  | { readonly kind: "rejection"; readonly rejection: HelloRejection }
  /** It is no answer at all. */
  | { readonly kind: "broken"; readonly code: CloseCode; readonly message: string };

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
  const hello = decode(bytes);
  if (hello === undefined) return broken(CloseCode.PACKET_MALFORMED, "the answer to the hello cannot be decoded");
  switch (hello.answer.case) {
    case "welcome":
      return readWelcome(hello.answer.value);
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
  const { protocol, server, sessionRef, attachment, limits, heartbeat, hint } = welcome;
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
  };
  return { kind: "welcome", welcome: session };
}

function readRejection({ code, message, retryAfterMs }: Rejection): ServerAnswer {
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

function broken(code: CloseCode, message: string): ServerAnswer {
  return { kind: "broken", code, message };
}
