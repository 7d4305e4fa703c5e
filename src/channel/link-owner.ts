import type { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import type { ReconnectHint } from "../../gen/moorline/session/v1/packet_moorline.ts";
import type { Clock } from "../core/clock.ts";
import type { LocalChannelLimits } from "../wire/limits.ts";
import type { Violation } from "./accept.ts";

/** Where packets leave. A transport's connection is one. */
export interface PacketSink {
  /** Bytes that have not left for the network yet. */
  readonly bufferedBytes: number;
  /** Sends one packet. Never throws. */
  send(packet: Uint8Array): void;
}

/** Why the peer ends a connection. */
export interface Farewell {
  /** The close code; it may be one that this version does not know. */
  readonly code: number;
  /** For people. */
  readonly message: string;
  /** When to dial again. Undefined: by backoff. */
  readonly hint: ReconnectHint | undefined;
  /** Why the channel was lost; it may be a reason that this version does not know. 0 where it was not. */
  readonly channelLoss: number;
}

/** Who owns a link, and hears what is not frames. Nothing here may throw. */
export interface LinkOwner {
  /** A hello came, encoded: a ClientHello at the server, a ServerHello at the client. */
  hello(hello: Uint8Array): void;
  /** The peer's last packet came. */
  farewell(farewell: Farewell): void;
  /** A pong came. */
  pong(id: number): void;
  /** The peer broke a rule: the owner ends the connection with the code. */
  violated(code: CloseCode, violation: Violation): void;
}

/** How a link is made. */
export interface LinkOptions {
  /** The end that this is. */
  readonly role: "client" | "server";
  /** Where packets leave. */
  readonly sink: PacketSink;
  /** Time. */
  readonly clock: Clock;
  /** Who hears of what is not frames. */
  readonly owner: LinkOwner;
  /** Sizes and delays. Default: `channelLimits`. */
  readonly limits?: LocalChannelLimits;
}
