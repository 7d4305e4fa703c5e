import type { IncomingHttpHeaders } from "node:http";
import type { Path } from "../../gen/moorline/session/v1/packet_pb.ts";
import { MoorlineError } from "../wire/moorline-error.ts";
import { type Refusal, refuse } from "./refusal.ts";

/** What a client says it stands for. A secret. */
export interface Credential {
  /** `bearer`: such as the daemon's token. `pairing`: of a pairing offer. */
  readonly kind: "bearer" | "pairing";
  /** The token. */
  readonly token: string;
}

/** What is known of a connection before its hello. */
export interface ConnectionInfo {
  /** The address of the peer, where the transport has one. */
  readonly remoteAddress?: string | undefined;
  /** The headers of the upgrade request, where there was one. */
  readonly headers?: IncomingHttpHeaders;
}

/** What a credential hook is asked. */
export interface AuthenticateRequest {
  /** Undefined where the client gave none. */
  readonly credential: Credential | undefined;
  /** The session that the hello is for, as it may be logged. Empty for a request for metrics. */
  readonly sessionRef: string;
  /** The path, as the client sees it. */
  readonly path: Path;
  /** The connection that the hello came on. */
  readonly connection: ConnectionInfo;
}

/** The credential is good. */
export interface Grant {
  /** Whom it stands for. Sessions belong to principals. Not empty. */
  readonly principal: string;
  /** When it ends: a date, or milliseconds since 1970. Default: never. */
  readonly expiresAt?: Date | number;
  /** What the credential can be revoked by. Default: it cannot be. */
  readonly credentialId?: string;
}

/** The credential is not good. */
export interface Denial {
  /** Why. */
  readonly rejected: DenialCode;
  /** For people. Never a secret. */
  readonly message?: string;
  /** When the client may try again, in milliseconds, where the code allows it. */
  readonly retryAfterMs?: number;
}

/** Why a credential may be refused. */
export type DenialCode = "UNAUTHENTICATED" | "CREDENTIAL_EXPIRED" | "REVOKED" | "PERMISSION_DENIED" | "RATE_LIMITED";

/**
 * Decides whom a credential stands for. What it throws, or an answer that comes too late, rejects the hello with INTERNAL
 * and lets nobody in. Spec: AUTH-4, AUTH-7.
 */
export type Authenticate = (request: AuthenticateRequest) => Grant | Denial | Promise<Grant | Denial>;

/** Whom a hello stands for. */
export interface Authority {
  /** The principal. */
  readonly principal: string;
  /** How long the credential is good, in milliseconds from now. Undefined: for ever. */
  readonly expiresInMs: number | undefined;
  /** What the credential can be revoked by. */
  readonly credentialId: string | undefined;
}

/**
 * What follows from the answer of a hook.
 * @param wallNowMs The wall clock, for an expiry.
 * @throws MoorlineError UNEXPECTED where the answer is none.
 */
export function readAnswer(answer: Grant | Denial, wallNowMs: number): Authority | Refusal {
  if ("rejected" in answer) return readDenial(answer);
  const { principal, expiresAt, credentialId } = answer;
  if (typeof principal !== "string" || principal === "") throw wrongAnswer("a principal that is no text, or empty");
  if (expiresAt === undefined) return { principal, expiresInMs: undefined, credentialId };
  const expiresInMs = Number(expiresAt) - wallNowMs;
  if (Number.isNaN(expiresInMs)) throw wrongAnswer("an expiry that is no instant");
  if (expiresInMs <= 0) return refuse("CREDENTIAL_EXPIRED", "the credential has expired");
  return { principal, expiresInMs: expiresInMs === Number.POSITIVE_INFINITY ? undefined : expiresInMs, credentialId };
}

const DENIALS: Readonly<Record<DenialCode, string>> = {
  UNAUTHENTICATED: "the credential is missing or wrong",
  CREDENTIAL_EXPIRED: "the credential has expired",
  REVOKED: "the credential was revoked",
  PERMISSION_DENIED: "the credential does not reach this daemon",
  RATE_LIMITED: "too many attempts in too short a time",
};

function readDenial({ rejected, message, retryAfterMs }: Denial): Refusal {
  if (!Object.hasOwn(DENIALS, rejected)) throw wrongAnswer("a rejection with a code that is none of a credential's");
  return refuse(rejected, message ?? DENIALS[rejected], retryAfterMs);
}

function wrongAnswer(what: string): MoorlineError {
  return new MoorlineError("UNEXPECTED", `The credential hook has answered with ${what}.`);
}
