import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import {
  type AttachmentSchema,
  type ReconnectHint,
  ServerHelloSchema,
  type ServerInfo,
  ServerInfoSchema,
  WelcomeSchema,
} from "../../gen/moorline/session/v1/packet_pb.ts";
import type { Revisions } from "../wire/protocol.ts";
import type { Identity } from "./identity.ts";
import type { Refusal } from "./refusal.ts";
import type { ServerLimits } from "./server-limits.ts";

/** What every answer of a server says. */
export interface AnswerFacts {
  readonly protocol: Revisions;
  /** What every Welcome says. */
  readonly pieces: WelcomePieces;
}

/** When to dial again, for the first try only. */
export interface ReconnectDelay {
  /** The least delay, in milliseconds. */
  readonly afterMs: number;
  /** A random part of this is added, in milliseconds. */
  readonly jitterMs: number;
}

/** What differs from welcome to welcome. */
export interface WelcomeFacts {
  /** The revision that both sides speak. */
  readonly protocol: number;
  /** The capabilities granted. */
  readonly capabilities: readonly string[];
  /** How long the credential is good, in milliseconds. Undefined: for ever. */
  readonly credentialExpiresInMs: number | undefined;
  /** The session and the channel. Undefined for a probe. */
  readonly session:
    | { readonly ref: string; readonly attachment: MessageInitShape<typeof AttachmentSchema> }
    | undefined;
}

/** The daemon, as it says who it is. */
export function createServerInfo(serverId: string, { name, version }: Identity, epoch: Uint8Array): ServerInfo {
  return create(ServerInfoSchema, { serverId, name, version, epoch });
}

/** What every Welcome of a server says, encoded once: messages of protobuf can be put together from pieces. */
export interface WelcomePieces {
  /** For every connection. */
  readonly common: Uint8Array;
  /** For one with a session. */
  readonly session: Uint8Array;
}

/** Encodes what does not differ from welcome to welcome. */
export function encodePieces(
  server: ServerInfo,
  limits: ServerLimits,
  hint: ReconnectDelay | undefined,
): WelcomePieces {
  const { channel, session: lifetimes, liveness } = limits;
  const common = {
    server,
    limits: {
      initialCreditBytes: BigInt(channel.initialCreditBytes),
      maxMessageBytes: BigInt(channel.maxMessageBytes),
      maxCalls: channel.maxCalls,
    },
    heartbeat: {
      intervalMs: BigInt(liveness.pingAfterMs),
      pongTimeoutMs: BigInt(liveness.pongTimeoutMs),
      silenceMs: BigInt(liveness.silenceMs),
    },
    ...(hint === undefined ? {} : { hint: toHint(hint) }),
  };
  const session = { lifetimes: { replayMs: BigInt(lifetimes.replayMs), sessionMs: BigInt(lifetimes.sessionMs) } };
  return { common: encodePiece(common), session: encodePiece(session) };
}

/** An encoded ServerHello that accepts a hello. Spec: WELCOME-1. */
export function encodeWelcome({ pieces }: AnswerFacts, facts: WelcomeFacts): Uint8Array {
  const { protocol, session, credentialExpiresInMs } = facts;
  const own: MessageInitShape<typeof WelcomeSchema> = { protocol, capabilities: [...facts.capabilities] };
  if (credentialExpiresInMs !== undefined) own.credentialExpiresInMs = BigInt(Math.floor(credentialExpiresInMs));
  if (session !== undefined) {
    own.sessionRef = session.ref;
    own.attachment = session.attachment;
  }
  const parts = [pieces.common, ...(session === undefined ? [] : [pieces.session]), encodePiece(own)];
  return new BinaryWriter().tag(WELCOME_FIELD, WireType.LengthDelimited).bytes(Buffer.concat(parts)).finish();
}

const WELCOME_FIELD = ServerHelloSchema.field.welcome.number;

function encodePiece(piece: MessageInitShape<typeof WelcomeSchema>): Uint8Array {
  return toBinary(WelcomeSchema, create(WelcomeSchema, piece));
}

/** An encoded ServerHello that refuses a hello. Spec: VER-1. */
export function encodeRejection({ protocol }: AnswerFacts, { code, message, retryAfterMs }: Refusal): Uint8Array {
  const value = {
    code,
    message,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs: BigInt(Math.ceil(retryAfterMs)) }),
    ...(code === CloseCode.PROTOCOL_UNSUPPORTED ? { supported: { ...protocol } } : {}),
  };
  return toBinary(ServerHelloSchema, create(ServerHelloSchema, { answer: { case: "rejection", value } }));
}

function toHint({ afterMs, jitterMs }: ReconnectDelay): Omit<ReconnectHint, "$typeName"> {
  return { afterMs: BigInt(afterMs), jitterMs: BigInt(jitterMs) };
}
