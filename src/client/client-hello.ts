import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type ClientHello, ClientHelloSchema, type Path, Purpose } from "../../gen/moorline/session/v1/packet_pb.ts";
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

/** What every hello is made from. */
export interface ProbeHelloInput {
  /** Who is calling. */
  readonly program: ClientProgram;
  /** The client's identity towards the daemon. */
  readonly sessionKey: SessionKey;
  /** The daemon that is meant; empty for any. */
  readonly expectedServerId: string;
  /** Whom the client stands for. */
  readonly credential: Credential | undefined;
  /** The path of the connection. */
  readonly path: Path;
}

/** What the hello of a session is made from. */
export interface HelloInput extends ProbeHelloInput {
  /** The owner of the channel. */
  readonly instance: ClientInstance;
  /** The number of the hello. */
  readonly attempt: number;
}

type HelloInit = Exclude<MessageInitShape<typeof ClientHelloSchema>, ClientHello>;

/** The tags and lengths around a hello in its packet, at most. */
const HELLO_OVERHEAD_BYTES = 16;

/** Makes a hello for a session, encoded. It offers the channel that there is. Spec: HELLO, RESUME-1. */
export function createClientHello(input: HelloInput): Uint8Array {
  const { instance, attempt } = input;
  const { initialCreditBytes, maxMessageBytes, maxCalls } = instance.limits;
  const offer = instance.resumeOffer;
  const hello: HelloInit = {
    ...commonFields(input, instance.id),
    purpose: Purpose.SESSION,
    limits: {
      initialCreditBytes: BigInt(initialCreditBytes),
      maxMessageBytes: BigInt(maxMessageBytes),
      maxCalls,
    },
    attempt: BigInt(attempt),
    freshChannelId: instance.freshChannelId,
  };
  if (offer !== undefined) hello.resume = { ...offer, received: BigInt(offer.received) };
  return encode(hello);
}

/**
 * Makes the hello of a probe, encoded: it names no channel and takes no attempt. Spec: PROBE-1.
 * @param instanceId 16 to 64 characters. A probe is part of no client instance, so it is the probe's own.
 */
export function createProbeHello(input: ProbeHelloInput, instanceId: string): Uint8Array {
  return encode({ ...commonFields(input, instanceId), purpose: Purpose.PROBE });
}

/** What is wrong with the size of a hello, as a sentence without its end. Undefined: it fits the first packet. Spec: PACKET-3. */
export function findOversize(hello: Uint8Array, maxFirstPacketBytes: number): string | undefined {
  const max = maxFirstPacketBytes - HELLO_OVERHEAD_BYTES;
  if (hello.length <= max) return undefined;
  return `the hello has ${hello.length} bytes, more than ${max}: its credential or names are too long`;
}

function commonFields(input: ProbeHelloInput, instanceId: string): HelloInit {
  const { program, sessionKey, expectedServerId, path } = input;
  const credential = toOneof(input.credential);
  return {
    protocol: protocolRange,
    sessionKey,
    client: { ...program, instanceId },
    expectedServerId,
    credential,
    path,
  };
}

function encode(hello: HelloInit): Uint8Array {
  return toBinary(ClientHelloSchema, create(ClientHelloSchema, hello));
}

type CredentialOneof = NonNullable<MessageInitShape<typeof ClientHelloSchema>["credential"]>;

function toOneof(credential: Credential | undefined): CredentialOneof {
  if (credential === undefined) return { case: undefined };
  if ("bearerToken" in credential) return { case: "bearerToken", value: credential.bearerToken };
  return { case: "pairingToken", value: credential.pairingToken };
}
