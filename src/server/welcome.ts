import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import {
  type AttachmentSchema,
  type ReconnectHint,
  ServerHelloSchema,
  type ServerInfo,
  ServerInfoSchema,
  type WelcomeSchema,
} from "../../gen/moorline/session/v1/packet_pb.ts";
import type { Revisions } from "../wire/protocol.ts";
import type { Identity } from "./identity.ts";
import type { Refusal } from "./refusal.ts";
import type { ServerLimits } from "./server-limits.ts";

/** What every answer of a server says. */
export interface AnswerFacts {
  readonly server: ServerInfo;
  readonly protocol: Revisions;
  readonly limits: ServerLimits;
  /** When clients dial again that have lost a connection without being told. Undefined: by backoff. */
  readonly hint: ReconnectDelay | undefined;
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

/** An encoded ServerHello that accepts a hello. Spec: WELCOME-1. */
export function encodeWelcome(server: AnswerFacts, facts: WelcomeFacts): Uint8Array {
  const { protocol, capabilities, session, credentialExpiresInMs } = facts;
  const { channel, session: lifetimes, liveness } = server.limits;
  const value: MessageInitShape<typeof WelcomeSchema> = {
    protocol,
    server: server.server,
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
    capabilities: [...capabilities],
  };
  if (server.hint !== undefined) value.hint = toHint(server.hint);
  if (credentialExpiresInMs !== undefined) value.credentialExpiresInMs = BigInt(Math.floor(credentialExpiresInMs));
  if (session !== undefined) {
    value.sessionRef = session.ref;
    value.attachment = session.attachment;
    value.lifetimes = { replayMs: BigInt(lifetimes.replayMs), sessionMs: BigInt(lifetimes.sessionMs) };
  }
  return toBinary(ServerHelloSchema, create(ServerHelloSchema, { answer: { case: "welcome", value } }));
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
