import { fromBinary } from "@bufbuild/protobuf";
import {
  type ChannelLimits,
  type ClientHello,
  ClientHelloSchema,
  type Path,
  Purpose,
} from "../../gen/moorline/session/v1/packet_pb.ts";
import type { PeerLimits } from "../channel/call-book.ts";
import { channelLimits, creditRange } from "../wire/limits.ts";
import { isProtocolRange, negotiateProtocol, type Revisions } from "../wire/protocol.ts";
import { parseSessionKey, type SessionKey } from "../wire/session-key.ts";
import type { Credential } from "./authenticate.ts";
import { hashText, idToKey, refOfKey } from "./hashes.ts";
import { type Refusal, refuse } from "./refusal.ts";

/** What a server compares hellos with. */
export interface HandshakeFacts {
  /** The server id of the daemon. */
  readonly serverId: string;
  /** The protocol revisions that it speaks. */
  readonly protocol: Revisions;
  /** The capabilities that it has. */
  readonly capabilities: readonly string[];
}

/** A hello in which every field is as it must be. It has no secret, and can be kept. */
export interface CheckedHello {
  /** The revision that both sides speak. */
  readonly protocol: number;
  /** What the session is looked up by. */
  readonly sessionHash: string;
  /** What stands for the session in logs. */
  readonly sessionRef: string;
  /** The path, as the client sees it. */
  readonly path: Path;
  /** The capabilities that both sides have. */
  readonly capabilities: readonly string[];
  /** What the connection is for: the attach that is asked for, or a probe. */
  readonly purpose: { readonly kind: "probe" } | AttachRequest;
}

/** A client asks for a channel. */
export interface AttachRequest {
  readonly kind: "session";
  /** The number of the hello, from 1. */
  readonly attempt: number;
  /** The channel to create where no other is attached to: what it is looked up by. */
  readonly fresh: { readonly key: string };
  /** The channel that the client has. */
  readonly resume: ResumeRequest | undefined;
  /** What the client takes, for a channel that is created. */
  readonly peerLimits: PeerLimits;
}

/** A client asks for the channel that it has. */
export interface ResumeRequest {
  /** What the channel is looked up by. */
  readonly key: string;
  /** The epoch in which it was made, as a key. */
  readonly epoch: string;
  /** Frames that the client has accepted on it. */
  readonly received: number;
}

const ID_BYTES = 16;
const INSTANCE_ID_LENGTH = { least: 16, most: 64 } as const;

/** Decodes a hello. @returns A refusal with PACKET_MALFORMED where the bytes are none. Spec: PACKET-4. */
export function decodeHello(bytes: Uint8Array): ClientHello | Refusal {
  try {
    return fromBinary(ClientHelloSchema, bytes);
  } catch {
    return refuse("PACKET_MALFORMED", "the hello cannot be decoded");
  }
}

/** What the client stands for. */
export function credentialOf({ credential }: ClientHello): Credential | undefined {
  if (credential.case === undefined) return undefined;
  return { kind: credential.case === "bearerToken" ? "bearer" : "pairing", token: credential.value };
}

/** Checks everything in a hello that needs no session and no credential; the first fault in order answers. Spec: HELLO-3 to HELLO-9. */
export function checkHello(hello: ClientHello, facts: HandshakeFacts): CheckedHello | Refusal {
  const protocol = checkProtocol(hello, facts.protocol);
  if (typeof protocol !== "number") return protocol;
  const key = checkKey(hello.sessionKey);
  if (typeof key !== "string") return key;
  const purpose = checkFields(hello);
  if ("code" in purpose) return purpose;
  const expected = hello.expectedServerId;
  if (expected !== "" && expected !== facts.serverId) {
    return refuse("WRONG_SERVER", `this daemon is ${facts.serverId}`);
  }
  return {
    protocol,
    ...keyToName(key),
    path: hello.path,
    capabilities: facts.capabilities.filter((name) => hello.capabilities.includes(name)),
    purpose,
  };
}

function checkProtocol({ protocol }: ClientHello, ours: Revisions): number | Refusal {
  if (protocol === undefined || !isProtocolRange(protocol)) {
    return malformed("`protocol` has to be a range from 1 on, its `min` not above its `max`");
  }
  const { min, max } = protocol;
  const refusal = (): Refusal =>
    refuse("PROTOCOL_UNSUPPORTED", `the client speaks ${min} to ${max}, this daemon ${ours.min} to ${ours.max}`);
  return negotiateProtocol(protocol, ours) ?? refusal();
}

/** What the session of a key is looked up by, and what stands for it in logs. */
export function keyToName(key: SessionKey): Pick<CheckedHello, "sessionHash" | "sessionRef"> {
  return { sessionHash: hashText(`moorline session hash${key}`), sessionRef: refOfKey(key) };
}

/** Checks the form of a session key. @returns A refusal with SESSION_KEY_MISSING or SESSION_KEY_MALFORMED. Spec: HELLO-4. */
export function checkKey(text: string): SessionKey | Refusal {
  if (text === "") return refuse("SESSION_KEY_MISSING", "there is no session key");
  try {
    return parseSessionKey(text);
  } catch {
    return refuse("SESSION_KEY_MALFORMED", "the session key does not match ^[A-Za-z0-9_-]{22,128}$");
  }
}

function checkFields(hello: ClientHello): CheckedHello["purpose"] | Refusal {
  const { purpose, client } = hello;
  if (purpose !== Purpose.SESSION && purpose !== Purpose.PROBE) return malformed("`purpose` is unset or unknown");
  const { length } = client?.instanceId ?? "";
  if (length < INSTANCE_ID_LENGTH.least || length > INSTANCE_ID_LENGTH.most) {
    return malformed("`client.instance_id` has to have 16 to 64 characters");
  }
  const peerLimits = checkLimits(hello.limits);
  if ("code" in peerLimits) return peerLimits;
  return purpose === Purpose.PROBE ? { kind: "probe" } : checkAttach(hello, peerLimits);
}

function checkAttach(hello: ClientHello, peerLimits: PeerLimits): AttachRequest | Refusal {
  const { attempt, freshChannelId: id, resume } = hello;
  if (attempt < 1n || attempt > Number.MAX_SAFE_INTEGER) return malformed("`attempt` has to be from 1 to 2^53 - 1");
  if (id.length !== ID_BYTES) return malformed("`fresh_channel_id` has to be 16 bytes");
  if (resume !== undefined && (resume.channelId.length !== ID_BYTES || resume.epoch.length !== ID_BYTES)) {
    return malformed("`resume.channel_id` and `resume.epoch` have to be 16 bytes");
  }
  return {
    kind: "session",
    attempt: Number(attempt),
    fresh: { key: idToKey(id) },
    resume: resume && {
      key: idToKey(resume.channelId),
      epoch: idToKey(resume.epoch),
      received: Number(resume.received),
    },
    peerLimits,
  };
}

function checkLimits(offered: ChannelLimits | undefined): PeerLimits | Refusal {
  const initialCreditBytes = Number(offered?.initialCreditBytes ?? 0) || channelLimits.initialCreditBytes;
  if (initialCreditBytes < creditRange.minBytes || initialCreditBytes > creditRange.maxBytes) {
    return malformed("`limits.initial_credit_bytes` has to be from 1 KiB to 16 MiB");
  }
  return {
    initialCreditBytes,
    maxMessageBytes: Number(offered?.maxMessageBytes ?? 0) || channelLimits.maxMessageBytes,
    maxCalls: offered?.maxCalls || channelLimits.maxCalls,
  };
}

function malformed(message: string): Refusal {
  return refuse("HELLO_MALFORMED", message);
}
