import type { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import type { Path } from "../../gen/moorline/session/v1/packet_pb.ts";
import type { ServerConnectionConfig } from "../machine/server-connection.ts";
import type { Admission, AdmissionRequest } from "./admission.ts";
import type { Authority } from "./authenticate.ts";
import type { GreetingContext, ProbeTraits } from "./greeting.ts";
import type { CheckedHello } from "./handshake.ts";
import { keyToId } from "./hashes.ts";
import type { HeldBytes } from "./held-bytes.ts";
import type { Refusal } from "./refusal.ts";
import type { Carrier } from "./server-channel.ts";
import type { ServerContext } from "./server-context.ts";
import type { AnswerFacts, ReconnectDelay, WelcomeFacts } from "./welcome.ts";

/** A connection, as its server sees it. */
export interface HostedConnection extends Carrier {
  /** Where the connection is. */
  readonly phase: "awaitingHello" | "probing" | "attached" | "closed";
  /** The path, as the client sees it. Undefined where no hello has said it. */
  readonly path: Path | undefined;
  /** What the credential of the connection can be revoked by. */
  readonly credentialId: string | undefined;
  /** The server ends the connection. A channel stays. */
  goAway(code: CloseCode, message: string): void;
  /** The credential was revoked: connection and channel end. */
  revoke(): void;
}

/** The server, as one of its connections sees it. */
export interface ConnectionHost {
  readonly context: ServerContext;
  /** How the machines of connections behave. */
  readonly machine: ServerConnectionConfig;
  readonly greeting: GreetingContext;
  readonly answer: AnswerFacts;
  readonly heldBytes: HeldBytes;
  /** When clients dial again that are sent away. Undefined: by backoff. */
  readonly hint: ReconnectDelay | undefined;
  /** Decides a session hello, and attaches its channel. */
  admit(connection: HostedConnection, request: AdmissionRequest): Admission | Refusal;
  /** Decides the hello of a probe. @returns What ends the probe. */
  admitProbe(sessionHash: string): (() => void) | Refusal;
  /** The connection is welcomed. */
  welcomed(connection: HostedConnection): void;
  /** The connection is over. @returns false where that was known. */
  left(connection: HostedConnection): boolean;
}

/** What a connection was welcomed as. */
export interface Welcomed {
  /** Whom it stands for. */
  readonly authority: Authority;
  readonly purpose:
    | ({ readonly kind: "probe"; readonly release: () => void } & ProbeTraits)
    | { readonly kind: "session"; readonly admission: Admission };
}

/** What the Welcome of a connection says. */
export function answerOf(hello: CheckedHello, { authority, purpose }: Welcomed): WelcomeFacts {
  const { protocol, capabilities, sessionRef: ref } = hello;
  const facts = { protocol, capabilities, credentialExpiresInMs: authority.expiresInMs };
  if (purpose.kind === "probe") return { ...facts, session: undefined };
  const { channel, resumption, refusal } = purpose.admission;
  const received = BigInt(channel.channel.received);
  const attachment = {
    channelId: keyToId(channel.key),
    resumption,
    received,
    ...(refusal === undefined ? {} : { refusal }),
  };
  return { ...facts, session: { ref, attachment } };
}
