import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { ClientHelloSchema, Path, Purpose } from "../../gen/moorline/session/v1/packet_pb.ts";
import { protocolRange } from "../wire/protocol.ts";
import type { SessionKey } from "../wire/session-key.ts";
import type { ClientInstance } from "./client-instance.ts";
import type { Credential } from "./credential.ts";

/** The program that a client is part of, as the daemon shows it. */
export interface ClientProgram {
  /** For example `exec-cli`. */
  readonly name: string;
  /** The version of the program. */
  readonly version: string;
  /** For example `node 24` or `browser`. Default empty. */
  readonly platform?: string;
}

/** What a hello is made from. */
export interface HelloInput {
  /** Who is calling. */
  readonly program: ClientProgram;
  /** The client's identity towards the daemon. */
  readonly sessionKey: SessionKey;
  /** The daemon that is meant; empty for any. */
  readonly expectedServerId: string;
  /** Whom the client stands for. */
  readonly credential: Credential | undefined;
  /** The owner of the channel. */
  readonly instance: ClientInstance;
  /** The number of the hello. */
  readonly attempt: number;
}

/** Makes a hello for a session, encoded. It offers the channel that there is. Spec: HELLO, RESUME-1. */
export function createClientHello(input: HelloInput): Uint8Array {
  const { program, sessionKey, expectedServerId, instance, attempt } = input;
  const { initialCreditBytes, maxMessageBytes, maxCalls } = instance.limits;
  const offer = instance.resumeOffer;
  const hello: MessageInitShape<typeof ClientHelloSchema> = {
    protocol: protocolRange,
    sessionKey,
    purpose: Purpose.SESSION,
    client: { ...program, instanceId: instance.id },
    expectedServerId,
    credential: toOneof(input.credential),
    path: Path.DIRECT,
    limits: {
      initialCreditBytes: BigInt(initialCreditBytes),
      maxMessageBytes: BigInt(maxMessageBytes),
      maxCalls,
    },
    attempt: BigInt(attempt),
    freshChannelId: instance.freshChannelId,
  };
  if (offer !== undefined) hello.resume = { ...offer, received: BigInt(offer.received) };
  return toBinary(ClientHelloSchema, create(ClientHelloSchema, hello));
}

type CredentialOneof = NonNullable<MessageInitShape<typeof ClientHelloSchema>["credential"]>;

function toOneof(credential: Credential | undefined): CredentialOneof {
  if (credential === undefined) return { case: undefined };
  if ("bearerToken" in credential) return { case: "bearerToken", value: credential.bearerToken };
  return { case: "pairingToken", value: credential.pairingToken };
}
