import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import type { ClientPacket, Ping, ReconnectHint, ServerPacket } from "../../gen/moorline/session/v1/packet_moorline.ts";
import {
  decodeClientPacket,
  decodeServerPacket,
  encodeClientPacket,
  encodeServerPacket,
} from "../../gen/moorline/session/v1/packet_moorline.ts";
import type { Clock, Timer } from "../core/clock.ts";
import { CodecError } from "../wire/codec.ts";
import { channelLimits, type LocalChannelLimits } from "../wire/limits.ts";
import type { Violation } from "./accept.ts";
import type { Channel } from "./channel.ts";

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

/**
 * `greeting`: nothing but hellos may come. `open`: welcomed, no channel (a probe). `bound`: frames go to and from a channel.
 * `stopped`: nothing comes or goes any more.
 */
type LinkPhase =
  | { readonly name: "greeting" | "open" | "stopped" }
  | { readonly name: "bound"; readonly channel: Channel };

/**
 * The packets of one connection, at either end: it decodes what comes, moves frames between the connection and the channel,
 * acknowledges in time, answers pings, and keeps the socket's buffer short. Spec: PACKET, CHAN, LIVE.
 */
export class Link {
  /** When the last packet came, on the clock's `now`. */
  lastReceivedAtMs: number;
  /** When the last packet left, on the clock's `now`. */
  lastSentAtMs: number;
  private readonly options: LinkOptions;
  private readonly limits: LocalChannelLimits;
  private phase: LinkPhase = { name: "greeting" };
  /** What goes before frames: the answer to the last ping. */
  private pong: Ping | undefined = undefined;
  private flushing: "idle" | "deferred" = "idle";
  private ackTimer: Timer | undefined = undefined;
  /** Hidden clients acknowledge with their pongs and by number only, without timers. */
  private acks: "prompt" | "lazy" = "prompt";

  constructor(options: LinkOptions) {
    this.options = options;
    this.limits = options.limits ?? channelLimits;
    this.lastReceivedAtMs = options.clock.now();
    this.lastSentAtMs = this.lastReceivedAtMs;
  }

  /** The channel that the connection carries. */
  get channel(): Channel | undefined {
    return this.phase.name === "bound" ? this.phase.channel : undefined;
  }

  /** The connection was welcomed, as a probe: pings may come and go, frames may not. */
  open(): void {
    if (this.phase.name === "greeting") this.phase = { name: "open" };
  }

  /** The connection carries the channel from now on, which is attached by the owner. */
  bind(channel: Channel): void {
    if (this.phase.name === "stopped") return;
    this.phase = { name: "bound", channel };
    channel.onWork = this.wake;
    this.wake();
  }

  /** Nothing that comes counts any more, and nothing more is sent. The channel, if any, is left as it is. */
  stop(): void {
    // The channel may be bound to a newer link already.
    if (this.channel?.onWork === this.wake) this.channel.onWork = undefined;
    this.phase = { name: "stopped" };
    this.ackTimer?.cancel();
    this.ackTimer = undefined;
    this.pong = undefined;
  }

  /** Chooses whether acknowledgements may wait for pings. Default `prompt`. */
  setAcks(acks: "prompt" | "lazy"): void {
    this.acks = acks;
    if (acks === "prompt") this.wake();
  }

  /** Takes a message of the connection. */
  receive(message: Uint8Array | string): void {
    if (this.phase.name === "stopped") return;
    this.lastReceivedAtMs = this.options.clock.now();
    if (typeof message === "string") return this.violated("a text message");
    const max = this.phase.name === "greeting" ? this.limits.maxFirstPacketBytes : this.limits.maxPacketBytes;
    if (message.length > max) {
      return this.violated(`a packet of ${message.length} bytes is over ${max}`, CloseCode.PACKET_MALFORMED);
    }
    const packet = this.decode(message);
    if (packet !== undefined) this.accept(packet, message.length);
  }

  /** The socket's buffer has shrunk. */
  drained(): void {
    this.wake();
  }

  /** Sends a hello, encoded. */
  sendHello(hello: Uint8Array): void {
    this.send({ received: 0, body: { case: "hello", value: hello }, unknown: undefined });
  }

  /** Sends a ping. It goes before frames, and whatever lies in the socket's buffer. */
  sendPing(id: number, padding: Uint8Array = new Uint8Array(0)): void {
    this.send({ received: this.tellReceived(), body: { case: "ping", value: { id, padding, unknown: undefined } } });
  }

  /** Sends the last packet and stops. */
  sendFarewell(code: CloseCode, message: string, hint?: ReconnectHint): void {
    if (this.phase.name === "stopped") return;
    const received = this.tellReceived();
    const packet =
      this.options.role === "client"
        ? encodeClientPacket({ received, body: { case: "goodbye", value: { code, message } } })
        : encodeServerPacket({ received, body: { case: "goAway", value: { code, message, hint } } });
    this.options.sink.send(packet);
    this.stop();
  }

  /** Sends what may go, now. Called by itself at the end of a turn; of use where no turn will follow. */
  flush(): void {
    this.flushing = "idle";
    if (this.phase.name === "stopped") return;
    const { sink, clock } = this.options;
    if (this.pong !== undefined && sink.bufferedBytes < this.limits.maxBufferedBytes) this.sendPong(this.pong);
    if (this.phase.name !== "bound") return;
    const channel = this.phase.channel;
    const nowMs = clock.now();
    while (sink.bufferedBytes < this.limits.maxBufferedBytes) {
      const packet = channel.take(nowMs);
      if (packet === undefined) break;
      this.lastSentAtMs = nowMs;
      sink.send(packet);
    }
    if (channel.isAckDue) this.sendAck();
    this.armAckTimer(channel);
  }

  private readonly wake = (): void => {
    if (this.flushing === "deferred" || this.phase.name === "stopped") return;
    this.flushing = "deferred";
    this.options.clock.defer(() => this.flush());
  };

  private decode(message: Uint8Array): ClientPacket | ServerPacket | undefined {
    try {
      return this.options.role === "server" ? decodeClientPacket(message) : decodeServerPacket(message);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      this.violated(`a packet cannot be decoded: ${error.message}`, CloseCode.PACKET_MALFORMED);
      return undefined;
    }
  }

  private accept(packet: ClientPacket | ServerPacket, bytes: number): void {
    const { body } = packet;
    if (this.phase.name === "greeting" && body.case !== "hello" && body.case !== "goAway" && body.case !== "goodbye") {
      return this.violated(`${body.case ?? "an empty packet"} came before the hello`);
    }
    const channel = this.channel;
    const ahead = channel?.acknowledge(packet.received);
    if (ahead !== undefined) return this.fail(CloseCode.CHANNEL_LOST, ahead);
    switch (body.case) {
      case "hello":
        return this.options.owner.hello(body.value);
      case "frames":
        return this.acceptFrames(body.value, bytes, channel);
      case "ping":
        if (body.value.padding.length > this.limits.maxPingPaddingBytes) return this.violated("padding over 16 KiB");
        this.pong = body.value;
        return this.wake();
      case "pong":
        this.options.owner.pong(body.value.id);
        break;
      case "goodbye":
      case "goAway": {
        const { code, message } = body.value;
        const hint = body.case === "goAway" ? body.value.hint : undefined;
        return this.options.owner.farewell({ code, message, hint });
      }
    }
    // An acknowledgement may have made room.
    if (channel !== undefined) this.wake();
  }

  private acceptFrames(frames: Parameters<Channel["accept"]>[0], bytes: number, channel: Channel | undefined): void {
    if (channel === undefined) return this.violated("frames came where no channel is attached");
    const violation = channel.accept(frames, bytes, this.lastReceivedAtMs);
    if (violation === undefined) return this.wake();
    this.fail(violation.kind === "gap" ? CloseCode.PROTOCOL_GAP : CloseCode.PROTOCOL_VIOLATION, violation);
  }

  private violated(message: string, code: CloseCode = CloseCode.PROTOCOL_VIOLATION): void {
    this.fail(code, { kind: "violation", message });
  }

  private fail(code: CloseCode, violation: Violation): void {
    // A handler may have ended the connection while it heard of the frames before.
    if (this.phase.name === "stopped") return;
    this.options.owner.violated(code, violation);
  }

  private tellReceived(): number {
    return this.channel?.tellReceived() ?? 0;
  }

  private sendPong(pong: Ping): void {
    this.pong = undefined;
    const { id, padding } = pong;
    this.send({ received: this.tellReceived(), body: { case: "pong", value: { id, padding, unknown: undefined } } });
  }

  private sendAck(): void {
    this.send({ received: this.tellReceived(), body: { case: undefined, value: undefined } });
  }

  private send(packet: ClientPacket): void {
    if (this.phase.name === "stopped") return;
    this.lastSentAtMs = this.options.clock.now();
    // All that is sent here is the same on the wire in both directions.
    this.options.sink.send(encodeClientPacket(packet));
  }

  private armAckTimer(channel: Channel): void {
    const dueAtMs = channel.ackDueAtMs;
    if (dueAtMs === undefined || this.ackTimer !== undefined || this.acks === "lazy") return;
    const { clock } = this.options;
    this.ackTimer = clock.setTimer(Math.max(0, dueAtMs - clock.now()), () => {
      this.ackTimer = undefined;
      if (this.phase.name !== "bound") return;
      const stillDueAtMs = channel.ackDueAtMs;
      if (stillDueAtMs !== undefined && stillDueAtMs <= clock.now() && this.acks === "prompt") this.sendAck();
      this.armAckTimer(channel);
    });
  }
}
